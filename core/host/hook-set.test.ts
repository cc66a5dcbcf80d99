import { describe, expect, test, vi } from 'vitest'
import { hookCatalogue } from '../hooks/index.ts'
import { fakeClock } from '../testing/fake-clock.ts'
import { HookSet } from './hook-set.ts'

function hookSet() {
  return new HookSet({
    clock: fakeClock(),
    timeout: 100,
    observer: { answered: vi.fn(), failed: vi.fn(), late: vi.fn() },
  })
}

const catalogue = Object.entries(hookCatalogue).flatMap(([group, hooks]) =>
  Object.entries(hooks).map(([name, kind]) => [`${group}.${name}`, kind]),
)

describe('HookSet', () => {
  test('has every hook of the catalogue with its name and kind', () => {
    expect(
      hookSet()
        .list()
        .map(({ name, kind }) => [name, kind]),
    ).toEqual(catalogue)
  })

  test('gives a plugin groups and hooks that it can tap and not change', () => {
    const set = hookSet()
    const hooks = set.facade('p', 0)
    hooks.envelope.checkSender.tap('step', async () => undefined)
    set.freeze()
    expect(set.points.envelope.checkSender.taps).toEqual(['p/step'])
    expect(Object.isFrozen(hooks)).toBe(true)
    for (const group of Object.values(hooks)) expect(Object.isFrozen(group)).toBe(true)
    expect(hooks.envelope.checkSender).not.toHaveProperty('decide')
  })

  test('asks each hook for answers of its own shape', async () => {
    const set = hookSet()
    const hooks = set.facade('p', 0)
    hooks.envelope.claimRecipient.tap('step', async () => ({ reason: 'mine' }))
    hooks.envelope.checkSender.tap('step', (async () => ({ reason: 'mine' })) as never)
    set.freeze()
    expect(await set.points.envelope.claimRecipient.decide([], {})).toMatchObject({ kind: 'answer' })
    expect(await set.points.envelope.checkSender.decide([], {})).toMatchObject({ kind: 'fault' })
  })

  test('freezes them all', () => {
    const set = hookSet()
    set.freeze()
    for (const group of Object.values(set.facade('p', 0))) {
      for (const hook of Object.values<{ tap(step: string, run: () => Promise<undefined>): void }>(group)) {
        expect(() => hook.tap('late', async () => undefined)).toThrow(
          expect.objectContaining({ code: 'MAIL_E_HOOK' }),
        )
      }
    }
  })
})
