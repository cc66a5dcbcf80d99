import { type Certificate, type Certificates, createLog } from 'mailwright'
import { contextLifetime } from 'mailwright/network'
import { fakeClock } from 'mailwright/testing'
import { generate } from 'selfsigned'
import { beforeAll, expect, test } from 'vitest'
import { SecureContexts } from './secure-contexts.ts'

const clock = fakeClock()
let one: Certificate
let two: Certificate

beforeAll(async () => {
  const make = async (): Promise<Certificate> => {
    const made = await generate([{ name: 'commonName', value: 'a.example' }], {
      keyType: 'ec',
      algorithm: 'sha256',
    })
    return { key: made.private, chain: made.cert }
  }
  one = await make()
  two = await make()
})

/** A certificates service whose certificates a test changes. */
class Keys implements Certificates {
  readonly byName = new Map<string | undefined, Certificate>()
  listener: (() => void) | undefined

  async forName(name?: string): Promise<Certificate> {
    const found = this.byName.get(name) ?? this.byName.get(undefined)
    if (found === undefined) throw new Error('none')
    return found
  }

  onChange(listener: () => void): () => void {
    this.listener = listener
    return () => {
      this.listener = undefined
    }
  }
}

test('one context for each certificate, whatever names are asked for', async () => {
  const keys = new Keys()
  keys.byName.set(undefined, one).set('two.example', two)
  const contexts = new SecureContexts(keys, createLog('silent'), clock)
  expect(contexts.fallback).toBeUndefined()
  await contexts.start()
  expect(contexts.fallback).toBeDefined()
  for (let name = 0; name < 50; name++)
    expect(await contexts.forName(`${name}.example`)).toBe(contexts.fallback)
  const second = await contexts.forName('two.example')
  expect(second).not.toBe(contexts.fallback)
  expect(await contexts.forName('two.example')).toBe(second)
})

test('a change makes new ones; one that cannot be used changes nothing', async () => {
  const lines: string[] = []
  const told = Promise.withResolvers<void>()
  const log = createLog('error', {
    write(line) {
      lines.push(line)
      told.resolve()
    },
  })
  const keys = new Keys()
  keys.byName.set(undefined, one)
  const contexts = new SecureContexts(keys, log, clock)
  await contexts.start()
  const before = contexts.fallback
  keys.byName.set(undefined, two)
  keys.listener?.()
  await expect.poll(() => contexts.fallback !== before).toBe(true)
  const after = contexts.fallback
  keys.byName.set(undefined, { key: 'nonsense', chain: 'nonsense' })
  keys.listener?.()
  await told.promise
  expect(contexts.fallback).toBe(after)
  expect(lines.join('')).toContain('the new certificate cannot be used')
  contexts.stop()
  expect(keys.listener).toBeUndefined()
})

test('a context is made anew after half a day, and with it the key of session tickets', async () => {
  const keys = new Keys()
  keys.byName.set(undefined, one)
  const contexts = new SecureContexts(keys, createLog('silent'), clock)
  await contexts.start()
  const before = contexts.fallback
  clock.advance(contextLifetime - 1)
  expect(contexts.fallback).toBe(before)
  clock.advance(1)
  expect(contexts.fallback).not.toBe(before)
  contexts.stop()
})

test('a start without a certificate fails', async () => {
  await expect(new SecureContexts(new Keys(), createLog('silent'), clock).start()).rejects.toThrow('none')
})
