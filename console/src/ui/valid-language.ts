/**
 * Imported before anything else. A browser without a head may say the machine's name of a language, such as `en-US@posix`, which `Intl` refuses: what asks it
 * how numbers are written while it is loaded, as charts do, would not load.
 */
if (!isValid(navigator.language)) Object.defineProperty(navigator, 'language', { value: 'en-US' })

function isValid(language: string): boolean {
  try {
    return Intl.getCanonicalLocales(language).length === 1
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

export {}
