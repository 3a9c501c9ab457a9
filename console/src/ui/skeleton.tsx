import { join } from './join-classes.ts'

/** The outline of what is being read. */
export function Skeleton({ className }: { className?: string }) {
  return <span className={join('skeleton block rounded', className ?? 'h-4 w-full')} />
}

export function SkeletonRows({ rows = 6 }: { rows?: number }) {
  return (
    <div className="space-y-3 p-4">
      <output className="sr-only">Loading</output>
      {Array.from({ length: rows }, (_, row) => (
        <div key={`row-${String(row)}`} className="flex items-center gap-3">
          <Skeleton className="size-7 shrink-0 !rounded-full" />
          <Skeleton className="h-4 flex-[3]" />
          <Skeleton className="h-4 flex-1" />
          <Skeleton className="hidden h-4 flex-1 sm:block" />
        </div>
      ))}
    </div>
  )
}
