import { Counter, type Registry } from 'prom-client'
import type { Engine } from '../engine/engine.ts'

/** What messages of platforms were answered, counted where they are answered and asked for when somebody looks: whoever sends one waits for no meter. */
export function openAnswerCounter({ hooks }: Pick<Engine, 'hooks'>, registry: Registry): Counter {
  return new Counter({
    name: 'patchbay_messages_answered_total',
    help: 'Messages of platforms by what they were answered: accepted, or why they were refused. Of platforms that environments describe themselves the provider is custom, where the address is none it is unknown',
    labelNames: ['provider', 'outcome'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { provider, outcome, count } of hooks.answers()) this.inc({ provider, outcome }, count)
    },
  })
}
