import { createContext, Script } from 'node:vm'
import { parentPort } from 'node:worker_threads'
import type { PatternRule, SearchAnswer, SearchTask } from './pattern-search.ts'

const mostTries = 5
/** The part of its time that a search must have had to count as too long. */
const fairShare = 0.2

// Runs beside everything else: nothing of this program is known there.
const search = new Script('search(key)')
const prepare = new Script(`
  const all = [];
  add = () => {
    for (const { source, flags, ...rule } of rules) all.push({ ...rule, pattern: new RegExp(source, flags) });
  };
  search = (key) => {
    const open = [];
    for (let at = 0; at < all.length; at++) {
      reached = at;
      const { kind, pattern, negated } = all[at];
      if (kind === 'endif') { open.pop(); continue; }
      if (open.at(-1) === false) { if (kind === 'if') open.push(false); continue; }
      const found = pattern.exec(key);
      const matches = (found !== null) !== negated;
      if (kind === 'if') open.push(matches);
      else if (matches) return [at, ...(found ?? [])];
    }
  }`)
const add = new Script('add()')

const given: { rules: readonly PatternRule[]; reached: number; key: string } = Object.assign(
  Object.create(null),
  { rules: [], reached: 0, key: '' },
)
const context = createContext(given)
prepare.runInContext(context)

parentPort?.on('message', (task: { readonly rules: readonly PatternRule[] } | SearchTask) => {
  if ('key' in task) parentPort?.postMessage(answerTo(task))
  else {
    given.rules = task.rules
    add.runInContext(context)
  }
})

/** The deadline is one of the clock: on a busy machine a search may be stopped that had no time to work, and begins anew. */
function answerTo({ key, timeout }: SearchTask): SearchAnswer {
  given.key = key
  for (let tries = 1; ; tries++) {
    const began = workTime()
    try {
      return { found: search.runInContext(context, { timeout }) }
    } catch {
      const took = workTime() - began
      if (took >= timeout * fairShare || tries === mostTries) return { stoppedAt: given.reached, took }
    }
  }
}

/** Milliseconds that this thread has worked; those of the clock where Node.js does not tell, as before version 23.9. */
function workTime(): number {
  const usage = process.threadCpuUsage?.()
  return usage === undefined ? performance.now() : (usage.user + usage.system) / 1000
}
