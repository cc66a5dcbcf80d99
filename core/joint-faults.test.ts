import { expect, test } from 'vitest'
import { forAllAtOnce } from './joint-faults.ts'

test('all are begun before one has ended, and what is listed twice is begun once', async () => {
  const begun: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const all = forAllAtOnce(['a', 'b', 'a'], (name) => {
    begun.push(name)
    return promise
  })
  expect(begun).toEqual(['a', 'b'])
  resolve()
  await all
})

test('a single fault is thrown as it is, several together', async () => {
  const fault = new RangeError('no file')
  const fail = async (name: string) => {
    if (name === 'good') return
    throw name === 'one' ? fault : new Error('cannot be used', { cause: new Error('line 2') })
  }
  await expect(forAllAtOnce(['good', 'one'], fail)).rejects.toBe(fault)
  await expect(forAllAtOnce(['one', 'good', 'two'], fail)).rejects.toMatchObject({
    code: 'MAIL_E_START',
    message: 'no file; cannot be used: line 2',
  })
})
