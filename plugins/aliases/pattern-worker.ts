import { createContext, Script } from 'node:vm'
import { parentPort } from 'node:worker_threads'
import type { Found, SearchAnswer, SearchTask, ThreadRule } from './pattern-thread.ts'

const mostTries = 5
/** The part of its time that a search must have had to count as too long. */
const fairShare = 0.2
/** The part of it that a rule must have had alone to be the reason. */
const largeShare = 0.5
/** Milliseconds for compiling a portion of the rules. */
const compileTime = 10_000

interface Given {
  rules: readonly ThreadRule[]
  keys: readonly string[]
  found: Found[]
  /** What is compiled with: V8 compiles anew for texts with characters beyond Latin-1. */
  key: string
  /** The rule at which the work is, and since when. */
  reached: number
  since: number
}

// Runs beside everything else: nothing of this program is known there.
const context = createContext(Object.create(null))
// What is global there costs more than a search: it is asked for once.
const given: Given = new Script(`
  const given = { rules: [], keys: [], found: [], key: '', reached: 0, since: 0 };
  const all = [];
  const add = () => {
    for (const { source, flags, ...rule } of given.rules) all.push({ ...rule, pattern: new RegExp(source, flags) });
    return all.length;
  };
  // V8 compiles a pattern when it is first used, and once more for speed at the second time.
  const compile = () => {
    for (; given.reached < all.length; given.reached++)
      for (let time = 0; time < 2; time++) all[given.reached].pattern.exec(given.key);
  };
  const searchAll = () => {
    for (const key of given.keys) given.found.push(search(key));
  };
  const search = (key) => {
    const open = [];
    for (let at = 0; at < all.length; at++) {
      given.reached = at;
      given.since = Date.now();
      const { kind, pattern, negated } = all[at];
      if (kind === 'endif') { open.pop(); continue; }
      if (open.at(-1) === false) { if (kind === 'if') open.push(false); continue; }
      const found = pattern.exec(key);
      const matches = (found !== null) !== negated;
      if (kind === 'if') open.push(matches);
      else if (matches) return [at, ...(found ?? [])];
    }
  };
  given`).runInContext(context)
const add = new Script('add()')
const compile = new Script('compile()')
const searchAll = new Script('searchAll()')

const beyondLatin1 = /[^\0-\xff]/
let count = 0
let isWideCompiled = false

parentPort?.on('message', (task: { readonly rules: readonly ThreadRule[] } | SearchTask) => {
  if ('keys' in task) parentPort?.postMessage(answersTo(task))
  else {
    const from = count
    given.rules = task.rules
    count = add.runInContext(context)
    compileFrom(from, '')
  }
})

/** Compiling is not the time of any address. A rule that takes forever even then is left to the searches. */
function compileFrom(from: number, key: string): void {
  given.key = key
  for (given.reached = from; given.reached < count; given.reached++) {
    try {
      compile.runInContext(context, { timeout: compileTime })
    } catch {
      // The next one.
    }
  }
}

/**
 * One call for many keys, as each begins a thread that ends it. Whoever is searched when the time is over begins anew with the next task,
 * and is stopped only with all of the time for itself. The deadline is one of the clock: on a busy machine a search may be stopped that
 * had no time to work, and begins anew, too.
 */
function answersTo({ keys, timeout }: SearchTask): readonly SearchAnswer[] {
  given.keys = keys.map(narrow)
  if (!isWideCompiled && given.keys.some((key) => beyondLatin1.test(key))) {
    isWideCompiled = true
    compileFrom(0, '\u0100')
  }
  for (let tries = 1; ; tries++) {
    given.found = []
    const began = workTime()
    try {
      searchAll.runInContext(context, { timeout })
    } catch {
      const took = workTime() - began
      const isOver = took >= timeout * fairShare || tries === mostTries
      if (given.found.length === 0 && isOver) return [{ culprit: culpritOf(timeout), took }]
    }
    if (given.found.length > 0) return given.found.map((found) => ({ found }))
  }
}

function culpritOf(timeout: number): number | undefined {
  return Date.now() - given.since >= timeout * largeShare ? given.reached : undefined
}

/** A part of a text with wide characters is kept wide by V8, also where it has none of them. */
function narrow(key: string): string {
  return beyondLatin1.test(key) ? key : Buffer.from(key, 'latin1').toString('latin1')
}

/** Milliseconds that this thread has worked; those of the clock where Node.js does not tell, as before version 23.9. */
function workTime(): number {
  const usage = process.threadCpuUsage?.()
  return usage === undefined ? performance.now() : (usage.user + usage.system) / 1000
}
