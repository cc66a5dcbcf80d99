import { describe, expect, test } from 'vitest'
import type { PluginDefinition } from '../plugin.ts'
import { serviceKey } from '../services/key.ts'
import type { PlannedPlugin } from './plan.ts'
import { ServiceRegistry } from './registry.ts'

const store = serviceKey<string>('store', 'mailboxes')
const history = serviceKey<string>('history', 'the record')

function plugin(services: Partial<PluginDefinition<unknown>>): PlannedPlugin {
  const definition = { name: 'p', parseOptions: () => ({}), setup: () => undefined, ...services }
  return { name: 'p', position: 0, path: 'plugins[0] (p)', definition, options: {} }
}

const refusal = (message: string) => expect.objectContaining({ code: 'MAIL_E_SERVICE', message })

describe('ServiceRegistry', () => {
  test('gives what was provided, to those who said that they need it', () => {
    const registry = new ServiceRegistry()
    const provider = plugin({ provides: [store] })
    registry.provide(provider, store, 'the store')
    expect(registry.use(plugin({ requires: [store] }), store)).toBe('the store')
    expect(registry.use(provider, store)).toBe('the store')
    expect(registry.useOptional(plugin({ optional: [store] }), store)).toBe('the store')
    expect(registry.get(store)).toBe('the store')
    expect(registry.find(history)).toBeUndefined()
  })

  test('refuses what was not declared', () => {
    const registry = new ServiceRegistry()
    expect(() => registry.use(plugin({}), store)).toThrow(refusal('p must list "store" in its `requires`'))
    expect(() => registry.useOptional(plugin({ requires: [store] }), store)).toThrow(
      refusal('p must list "store" in its `optional`'),
    )
    expect(() => registry.provide(plugin({}), store, 'x')).toThrow(
      refusal('p must list "store" in its `provides`'),
    )
  })

  test('refuses null as a provider', () => {
    const provider = plugin({ provides: [store] })
    expect(() => new ServiceRegistry().provide(provider, store, null)).toThrow(
      refusal('p provided null as "store"'),
    )
  })

  test('says what is missing', () => {
    const registry = new ServiceRegistry()
    expect(() => registry.use(plugin({ requires: [store] }), store)).toThrow(
      refusal('no plugin provides "store" (mailboxes)'),
    )
    expect(registry.useOptional(plugin({ optional: [store] }), store)).toBeUndefined()
  })

  test("a plugin takes the place of the core's own", () => {
    const registry = new ServiceRegistry()
    registry.provideDefault(history, 'a file')
    expect(registry.get(history)).toBe('a file')
    registry.provide(plugin({ provides: [history] }), history, 'a table')
    expect(registry.get(history)).toBe('a table')
  })

  test('a promise to provide has to be kept, also where the core would do', () => {
    const registry = new ServiceRegistry()
    registry.provideDefault(history, 'a file')
    const provider = plugin({ provides: [store, history] })
    expect(() => registry.check(provider)).toThrow(refusal('p said that it provides "store" and did not'))
    registry.provide(provider, store, 'x')
    expect(() => registry.check(provider)).toThrow(refusal('p said that it provides "history" and did not'))
    registry.provide(provider, history, 'x')
    expect(() => registry.check(provider)).not.toThrow()
    registry.provide(provider, store, undefined)
    expect(() => registry.check(provider)).toThrow(refusal('p said that it provides "store" and did not'))
  })
})
