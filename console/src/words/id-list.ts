/** Ids as people type them, with commas or spaces between them, each once. */
export const idsOf = (text: string): string[] => [...new Set(text.split(/[\s,]+/).filter(Boolean))]
