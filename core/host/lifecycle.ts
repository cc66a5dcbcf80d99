import { isAbsolute } from 'node:path'
import { ConfigError, type ConfigFault, errorText } from '../errors.ts'
import type { Lifecycle } from '../plugin.ts'
import { didYouMean } from '../suggest.ts'
import { refusePromise } from './steps.ts'

const called = [
  'start',
  'check',
  'serve',
  'drain',
  'stop',
  'doubts',
] as const satisfies readonly (keyof Lifecycle)[]

/**
 * What a plugin's setup answered, as its lifecycle; what of it is never called is told in `doubts`. ConfigError where a step is no
 * function, MAIL_E_SETUP for a promise.
 */
export function lifecycleOf(plugin: string, answer: unknown, doubts: string[]): Lifecycle {
  doubts.push(...idleAnswers(plugin, answer))
  if (typeof answer !== 'object' || answer === null) return {}
  refusePromise(answer)
  const lifecycle = answer as Lifecycle
  const isStep = (value: unknown): boolean =>
    value === undefined || value === null || typeof value === 'function'
  const faults = called
    .filter((step) => !isStep(lifecycle[step]))
    .map(
      (step): ConfigFault => ({ path: '', problem: `its setup answered a \`${step}\` that is no function` }),
    )
  if (!arePaths(lifecycle.keeps))
    faults.push({ path: '', problem: 'its setup answered `keeps` that are no absolute paths' })
  if (faults.length > 0) throw new ConfigError(faults)
  return lifecycle
}

function arePaths(value: unknown): boolean {
  if (value === undefined || value === null) return true
  return Array.isArray(value) && value.every((path) => typeof path === 'string' && isAbsolute(path))
}

/** What of it is never called, and may have been meant to be. */
function idleAnswers(plugin: string, answer: unknown): readonly string[] {
  if (answer === undefined || answer === null) return []
  if (typeof answer !== 'object')
    return [
      `the setup of ${plugin} answered a ${typeof answer}, which is no { start, check, serve, drain, stop }`,
    ]
  // Objects of a class may have more methods than the host calls.
  if (Object.getPrototypeOf(answer) !== Object.prototype) return []
  return Object.entries(answer)
    .filter(([name, value]) => typeof value === 'function' && !(called as readonly string[]).includes(name))
    .map(([name]) => {
      const hint = didYouMean(name, called) ?? `there are ${called.join(', ')}`
      return `the setup of ${plugin} answered a \`${name}\`, which nobody calls: ${hint}`
    })
}

/** What plugins hold for doubtful. */
export function doubtsOf(
  plugins: readonly { readonly plan: { readonly name: string }; readonly lifecycle: Lifecycle }[],
): readonly string[] {
  return plugins.flatMap(({ plan: { name }, lifecycle }) => {
    try {
      return [...(lifecycle.doubts?.() ?? [])].map((text) => `${name}: ${text}`)
    } catch (error) {
      return [`the \`doubts\` of ${name} failed: ${errorText(error)}`]
    }
  })
}
