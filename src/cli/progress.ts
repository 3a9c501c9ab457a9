export interface Progress {
  step(done: number, says?: string): void
  end(): void
}

const width = 24

/** A bar that redraws itself on a terminal, and a line every tenth elsewhere. Writes to standard error. */
export function openProgress(
  label: string,
  total: number,
  to: { isTerminal: boolean; write: (text: string) => void },
): Progress {
  let said = -1
  return {
    step(done, says = '') {
      const share = total === 0 ? 1 : Math.min(1, done / total)
      if (to.isTerminal) {
        const full = Math.round(share * width)
        to.write(
          `\r${label} ${'█'.repeat(full)}${'░'.repeat(width - full)} ${done}/${total} ${says.slice(0, 40).padEnd(40)}`,
        )
      } else if (Math.floor(share * 10) > said) {
        said = Math.floor(share * 10)
        to.write(`${label} ${done}/${total}\n`)
      }
    },
    end() {
      if (to.isTerminal) to.write(`\r${' '.repeat(label.length + width + 60)}\r`)
    },
  }
}
