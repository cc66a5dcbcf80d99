import { expect, it } from 'vitest'
import { type ConditionalCase, runCases, selectCases } from './contract.ts'
import { expectCode } from './expectations.ts'

interface Fixture {
  readonly supports: { readonly flying: boolean }
  cleanup?(): Promise<void>
}

const has = (need: 'flying', { supports }: Fixture): boolean => supports[need]

const flies: ConditionalCase<Fixture, 'flying'> = {
  name: 'flies',
  needs: ['flying'],
  run: async () => {},
  otherwise: async () => expect.fail('it should fall'),
}

it('runs a case where its needs are met', async () => {
  const bird: Fixture = { supports: { flying: true } }
  expect(selectCases([flies], has, bird)).toEqual([flies])
})

it('replaces a case by what must hold otherwise, and says so in its name', async () => {
  const stone: Fixture = { supports: { flying: false } }
  const [only] = selectCases([flies], has, stone)
  expect(only?.name).toBe('flies — does not apply: no flying')
  await expect(only?.run(stone)).rejects.toThrow('it should fall')
})

it('does not let an implementation deny an ability in one fixture only', async () => {
  const [only] = selectCases([{ ...flies, otherwise: async () => {} }], has, { supports: { flying: false } })
  await expect(only?.run({ supports: { flying: true } })).rejects.toThrow('flying')
})

it('cleans up after each case and goes on after a failure', async () => {
  let cleaned = 0
  const create = async () => ({
    cleanup: async () => {
      cleaned++
    },
  })
  const fails = { name: 'fails', run: async () => Promise.reject(new Error('no')) }
  const failures = await runCases([fails, { name: 'passes', run: async () => {} }, fails], create)
  expect(failures.map(({ name }) => name)).toEqual(['fails', 'fails'])
  expect(cleaned).toBe(3)
})

it('compares errors by code only', async () => {
  const notFound = Object.assign(new Error('x'), { code: 'MAIL_E_NOT_FOUND' })
  await expectCode(Promise.reject(notFound), 'MAIL_E_INVALID', 'MAIL_E_NOT_FOUND')
  await expect(expectCode(Promise.reject(notFound), 'MAIL_E_INVALID')).rejects.toThrow(
    'failed with MAIL_E_NOT_FOUND',
  )
  await expect(expectCode(Promise.reject(new Error('MAIL_E_INVALID')), 'MAIL_E_INVALID')).rejects.toThrow()
  await expect(expectCode(Promise.resolve(), 'MAIL_E_INVALID')).rejects.toThrow('resolved')
})
