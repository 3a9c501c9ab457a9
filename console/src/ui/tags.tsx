import { Tag } from './badge.tsx'

/** Words in frames, as many as anybody reads. */
export function Tags({ words, most = 30 }: { words: readonly string[]; most?: number }) {
  if (words.length === 0) return <span className="text-soft">none</span>
  return (
    <span className="flex flex-wrap gap-1">
      {words.slice(0, most).map((word) => (
        <Tag key={word}>{word}</Tag>
      ))}
      {words.length > most && <span className="text-sm text-soft">and {words.length - most} more</span>}
    </span>
  )
}
