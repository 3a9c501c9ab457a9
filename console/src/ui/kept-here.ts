/** What this browser keeps of somebody's choices. One that stores nothing has none, and everything works all the same. */
export function keptHere(place: string): string | null {
  try {
    return localStorage.getItem(place)
  } catch {
    return null
  }
}

export function keepHere(place: string, value: string): void {
  try {
    localStorage.setItem(place, value)
  } catch {
    // The choice holds for as long as the page is open.
  }
}
