import { useSyncExternalStore } from 'react'
import { keepHere, keptHere } from './kept-here.ts'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const place = 'patchbay.theme'
const listeners = new Set<() => void>()

/** What the person chose; `system` follows the computer. */
export function chosenTheme(): Theme {
  const stored = keptHere(place)
  return themes.find((theme) => theme === stored) ?? 'system'
}

export function chooseTheme(theme: Theme): void {
  keepHere(place, theme)
  applyTheme(theme)
  for (const listener of listeners) listener()
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, chosenTheme)
}

/** What is really shown: for what is painted and does not follow by itself. */
export function useShownTheme(): 'light' | 'dark' {
  return useSyncExternalStore(subscribe, () => {
    const theme = chosenTheme()
    return theme === 'system' ? (darkSystem().matches ? 'dark' : 'light') : theme
  })
}

const darkSystem = () => matchMedia('(prefers-color-scheme: dark)')

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  const query = darkSystem()
  query.addEventListener('change', listener)
  return () => {
    listeners.delete(listener)
    query.removeEventListener('change', listener)
  }
}
