import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Certificate, type Clock, createLog, type IssuedCertificates, systemClock } from 'mailwright'
import { fakeClock } from 'mailwright/testing'
import { generate } from 'selfsigned'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listCommand } from './command.ts'
import { KeyStore } from './key-store.ts'
import { SelfSigned } from './self-signed.ts'

const hour = 60 * 60 * 1000
let folder: string
let stores: KeyStore[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-keys-'))
})

afterEach(async () => {
  for (const store of stores) await store.stop()
  stores = []
  await rm(folder, { recursive: true, force: true })
})

/** Puts a new pair for a name into place, as programs that renew certificates do; answers its certificate. */
async function renew(name: string, within = folder): Promise<string> {
  const made = await generate([{ name: 'commonName', value: name }], { keyType: 'ec', algorithm: 'sha256' })
  for (const [suffix, text] of [
    ['key', made.private],
    ['pem', made.cert],
  ] as const) {
    await writeFile(join(within, `${name}.${suffix}.new`), text)
    await rename(join(within, `${name}.${suffix}.new`), join(within, `${name}.${suffix}`))
  }
  return made.cert
}

function openStore(
  names: readonly string[],
  clock: Clock,
  issued?: IssuedCertificates,
): { store: KeyStore; lines: string[] } {
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  const files = names.map((name) => ({
    names: undefined,
    key: join(folder, `${name}.key`),
    chain: join(folder, `${name}.pem`),
  }))
  const selfSigned = new SelfSigned(join(folder, 'tls'), 'mx.example.org', clock)
  const store = new KeyStore({ files, issued, selfSigned, log, clock })
  stores.push(store)
  return { store, lines }
}

describe('keys from files', () => {
  test('are found by name; the first is for the others', async () => {
    const one = await renew('one.example')
    const two = await renew('two.example')
    const { store } = openStore(['one.example', 'two.example'], systemClock)
    await expect(store.forName()).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    await store.load()
    expect((await store.forName()).chain).toBe(one)
    expect((await store.forName('two.example')).chain).toBe(two)
    expect((await store.forName('three.example')).chain).toBe(one)
  })

  test('are read again when they change', async () => {
    await renew('one.example')
    const { store } = openStore(['one.example'], systemClock)
    await store.load()
    store.watch()
    const changed = new Promise<void>((resolve) => {
      store.onChange(resolve)
    })
    const chain = await renew('one.example')
    await changed
    expect((await store.forName()).chain).toBe(chain)
  })

  test('are looked at every hour, where nobody tells of changes', async () => {
    await renew('one.example')
    const clock = fakeClock(Date.now())
    const { store } = openStore(['one.example'], clock)
    await store.load()
    store.watch()
    const chain = await renew('one.example')
    const changed = new Promise<void>((resolve) => {
      store.onChange(resolve)
    })
    clock.advance(hour)
    await changed
    expect((await store.forName()).chain).toBe(chain)
  })

  test('stay as they were while the new ones cannot be used', async () => {
    const chain = await renew('one.example')
    const { store, lines } = openStore(['one.example'], systemClock)
    await store.load()
    let changes = 0
    const unlisten = store.onChange(() => changes++)
    await writeFile(join(folder, 'one.example.pem'), 'half')
    await store.reload()
    expect((await store.forName()).chain).toBe(chain)
    expect(lines.join('')).toMatch(/not reloaded.*files\[0\]\.chain: is not a certificate in PEM form/)
    await renew('one.example')
    await store.reload()
    await store.reload()
    expect(changes).toBe(1)
    unlisten()
    await renew('one.example')
    await store.reload()
    expect(changes).toBe(1)
  })

  test('do not wait for a pair that cannot be used', async () => {
    await renew('one.example')
    const bad = await renew('bad.example')
    const { store, lines } = openStore(['bad.example', 'one.example'], systemClock)
    await store.load()
    await rm(join(folder, 'bad.example.key'))
    const chain = await renew('one.example')
    await store.reload()
    expect((await store.forName('one.example')).chain).toBe(chain)
    expect((await store.forName()).chain).toBe(bad)
    expect(lines.join('')).toMatch(/"level":"error".*files\[0\]\.key: cannot read/)
  })

  test.each([
    [
      'a folder that takes the place of the one before',
      async () => {
        await rename(join(folder, 'keys'), join(folder, 'former'))
        await rename(join(folder, 'next'), join(folder, 'keys'))
      },
      'keys',
    ],
    [
      'a link above that leads to another folder',
      async () => {
        await symlink('releases/2', join(folder, 'link'))
        await rename(join(folder, 'link'), join(folder, 'current'))
      },
      'current/keys',
    ],
  ])('are found in %s, and watched there', async (_what, replace, path) => {
    for (const each of ['keys', 'next', 'releases/1/keys', 'releases/2/keys'])
      await mkdir(join(folder, each), { recursive: true })
    await symlink('releases/1', join(folder, 'current'))
    const chain = await renew('one.example', join(folder, 'next'))
    await cp(join(folder, 'next'), join(folder, 'releases/2/keys'), { recursive: true })
    await renew('one.example', join(folder, path))
    const { store } = openStore([`${path}/one.example`], systemClock)
    await store.load()
    store.watch()
    await replace()
    await expect.poll(async () => (await store.forName()).chain, { timeout: 30_000 }).toBe(chain)
    const again = await renew('one.example', join(folder, path))
    await expect.poll(async () => (await store.forName()).chain, { timeout: 30_000 }).toBe(again)
  })

  test('behind several links are found where one in the middle leads, and changed in their own place', async () => {
    for (const each of ['opt', 'etc', '1', '2']) await mkdir(join(folder, each))
    await renew('one.example', join(folder, '1'))
    const chain = await renew('one.example', join(folder, '2'))
    await symlink('../1', join(folder, 'opt/live'))
    await symlink(join(folder, 'opt/live'), join(folder, 'etc/current'))
    for (const suffix of ['key', 'pem'])
      await symlink(`etc/current/one.example.${suffix}`, join(folder, `one.example.${suffix}`))
    const { store } = openStore(['one.example'], systemClock)
    await store.load()
    store.watch()
    await symlink('../2', join(folder, 'opt/next'))
    await rename(join(folder, 'opt/next'), join(folder, 'opt/live'))
    await expect.poll(async () => (await store.forName()).chain, { timeout: 30_000 }).toBe(chain)
    const next = await renew('one.example', join(folder, '1'))
    for (const suffix of ['key', 'pem'])
      await writeFile(
        join(folder, `2/one.example.${suffix}`),
        await readFile(join(folder, `1/one.example.${suffix}`)),
      )
    await expect.poll(async () => (await store.forName()).chain, { timeout: 30_000 }).toBe(next)
  })

  test('that are not there, or do not fit, are named with option and path', async () => {
    const { store } = openStore(['one.example'], systemClock)
    await expect(store.load()).rejects.toThrow(
      `files[0].key: cannot read ${join(folder, 'one.example.key')}: there is no such file`,
    )
    await renew('one.example')
    await renew('two.example')
    await rename(join(folder, 'two.example.key'), join(folder, 'one.example.key'))
    await expect(store.load()).rejects.toThrow(
      /^files\[0\]\.key: does not belong to the certificate; files: /,
    )
  })

  test('that are about to expire are told of by whoever serves them, not by every command', async () => {
    await renew('one.example')
    const { store, lines } = openStore(['one.example'], fakeClock(Date.now() + 360 * 24 * hour))
    await store.load()
    expect(lines).toEqual([])
    store.watch()
    await store.stop()
    expect(lines.join('')).toMatch(/"level":"warn".*"text":"expires on 20/)
  })

  test('that have expired are an error', async () => {
    await renew('one.example')
    const { store, lines } = openStore(['one.example'], fakeClock(Date.now() + 366 * 24 * hour))
    await store.load()
    store.watch()
    await store.stop()
    expect(lines.join('')).toMatch(/"level":"error".*"text":"has expired on 20/)
  })
})

test('without files there is a self-signed one, renewed in time', async () => {
  const clock = fakeClock(Date.now())
  const { store, lines } = openStore([], clock)
  await store.load()
  expect(lines.join('')).toContain('made a self-signed one')
  const { chain } = await store.forName('anything.example')
  const changed = new Promise<void>((resolve) => {
    store.onChange(resolve)
  })
  store.watch()
  clock.set(Date.now() + 340 * 24 * hour)
  clock.advance(hour)
  await changed
  expect((await store.forName()).chain).not.toBe(chain)
})

describe('certificates that a plugin orders', () => {
  let issued: Certificate[]
  let changed: (() => void) | undefined
  const service: IssuedCertificates = {
    current: async () => issued,
    onChange: (listener) => {
      changed = listener
      return () => {
        changed = undefined
      }
    },
  }

  /** As `service` has it. */
  async function issue(name: string): Promise<Certificate> {
    const chain = await renew(name)
    return { key: await readFile(join(folder, `${name}.key`), 'utf8'), chain }
  }

  beforeEach(() => {
    issued = []
  })

  test('take the place of the self-signed one as soon as they are there', async () => {
    const { store } = openStore([], systemClock, service)
    await store.load()
    const before = await store.forName()
    const renewals = new Promise<void>((resolve) => {
      store.onChange(resolve)
    })
    const one = await issue('one.example')
    issued = [one]
    changed?.()
    await renewals
    expect(await store.forName()).toEqual(one)
    expect(await store.forName()).not.toEqual(before)
    await store.stop()
    expect(changed).toBeUndefined()
  })

  test('stand behind those of the files, and one that is damaged behind none', async () => {
    const chain = await renew('one.example')
    const two = await issue('two.example')
    issued = [{ key: 'half', chain: 'half' }, two]
    const { store, lines } = openStore(['one.example'], systemClock, service)
    await store.load()
    expect((await store.forName()).chain).toBe(chain)
    expect(await store.forName('two.example')).toEqual(two)
    expect(lines.join('')).toContain('one that was issued cannot be used')
  })

  test('are listed with where they come from', async () => {
    await renew('one.example')
    issued = [await issue('two.example')]
    const command = listCommand(() => openStore(['one.example'], systemClock, service).store)
    const { json, text } = await command.run({ arguments: [], options: {} })
    expect(json).toMatchObject([
      { names: [expect.stringContaining('one.example')], source: join(folder, 'one.example.pem') },
      { names: [expect.stringContaining('two.example')], source: 'issued' },
    ])
    expect(text).toMatch(/valid until \d{4}-\d\d-\d\dT/)
  })
})
