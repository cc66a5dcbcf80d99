import { execFile } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  type Accounts,
  accounts,
  type Clock,
  ConfigError,
  createLog,
  errorCode,
  errorText,
  type Lifecycle,
  type PluginContext,
  systemClock,
} from 'mailwright'
import {
  accountsContract,
  addressOf,
  expectCode,
  type FakeClock,
  fakeClock,
  seedAccounts,
} from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import accountsFile, { type AccountsFileInput } from './index.ts'
import { parseOptions } from './options.ts'

interface System extends Lifecycle {
  readonly accounts: Accounts
  readonly events: { event: string; error?: string }[]
}

/** The plugin as a host would set it up, not yet started. */
function setUp(dataDir: string, options: AccountsFileInput = {}, clock: Clock = systemClock): System {
  const events: System['events'] = []
  let service: Accounts | undefined
  const context = {
    provide(key: unknown, provided: Accounts) {
      if (key === accounts) service = provided
    },
    clock,
    log: createLog('info', { write: (line) => void events.push(JSON.parse(line)) }),
    dataDir,
  } as unknown as PluginContext
  const { definition, options: input } = accountsFile(options)
  const lifecycle = definition.setup(context, definition.parseOptions(input)) ?? {}
  if (service === undefined) throw new Error('the service was not provided')
  return { ...lifecycle, accounts: service, events }
}

async function start(
  dataDir: string,
  options: AccountsFileInput = {},
  clock: Clock = systemClock,
): Promise<System> {
  const system = setUp(dataDir, options, clock)
  await system.start?.()
  return system
}

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'mailwright-accounts-file-'))

function administrationOf({ accounts: service }: System): NonNullable<Accounts['administration']> {
  if (service.administration === undefined) throw new Error('no administration')
  return service.administration
}

const scram = { offer: true, iterations: 4096 }

for (const [name, format, more] of [
  ['accounts-file', 'passwd', {}],
  ['accounts-file with JSON and SCRAM', 'json', { scram }],
  ['accounts-file with YAML and CRAM-MD5', 'yaml', { cramMd5: { offer: true } }],
] as const) {
  /** The seed as the administration writes it; made once, since every change is flushed to the disk. */
  let seeded: string | undefined
  accountsContract({
    name,
    async create(seed) {
      const folder = newFolder()
      const options: AccountsFileInput = { format, file: 'accounts', create: true, ...more }
      const file = join(folder, 'accounts')
      if (seeded !== undefined) writeFileSync(file, seeded)
      const clock = movable()
      const system = await start(folder, options, clock)
      if (seeded === undefined) await seedAccounts(administrationOf(system), seed)
      seeded ??= readFileSync(file, 'utf8')
      return {
        accounts: system.accounts,
        clock,
        reopen: async () => (await start(folder, options)).accounts,
        cleanup: async () => rmSync(folder, { recursive: true, force: true }),
      }
    },
  })
}

/** A date that stands still until it is moved, and the machine's time to wait by: a change of a file does. */
function movable(): FakeClock {
  const start = systemClock.now()
  let moved = 0
  return {
    ...systemClock,
    now: () => start + moved,
    advance: (milliseconds) => {
      moved += milliseconds
    },
    set: () => undefined,
    waiting: 0,
  }
}

const contents = '# Ours\n@example.org\n\n# The boss\njo@example.org:\n'

describe('accounts-file', () => {
  let folder: string
  let file: string
  let clock: FakeClock

  beforeEach(() => {
    folder = newFolder()
    file = join(folder, 'accounts.txt')
    clock = fakeClock(Date.now())
    writeFileSync(file, contents, { mode: 0o640 })
  })

  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const kind = async (system: System, text: string): Promise<string> =>
    (await system.accounts.resolve(addressOf(text))).kind

  /** Moves the clock until a promise that waits for it is settled. */
  async function hurry<T>(promise: Promise<T>): Promise<T> {
    let isPending = true
    const done = promise.finally(() => {
      isPending = false
    })
    done.catch(() => undefined)
    while (isPending) {
      await new Promise((resolve) => setImmediate(resolve))
      if (clock.waiting > 0) clock.advance(50)
    }
    return done
  }

  describe('watching', () => {
    it('takes over what was changed and has settled', async () => {
      const system = await start(folder, {}, clock)
      appendFileSync(file, 'ann@example.org:\n')
      expect(await kind(system, 'ann@example.org')).toBe('unknown')
      clock.advance(199)
      expect(await kind(system, 'ann@example.org')).toBe('unknown')
      clock.advance(1)
      expect(await kind(system, 'ann@example.org')).toBe('account')
    })

    it('never shows a file that is half written', async () => {
      const system = await start(folder, {}, clock)
      for (const step of [
        '',
        '@exam',
        '@example.org\n',
        '@example.org\njo@example.org:\nann@example.org:\n',
      ]) {
        writeFileSync(file, step)
        expect(await kind(system, 'jo@example.org')).toBe('account')
        clock.advance(150)
        expect(await kind(system, 'jo@example.org')).toBe('account')
      }
      clock.advance(200)
      expect(await kind(system, 'ann@example.org')).toBe('account')
      expect(system.events).toEqual([])
    })

    it('notices in a server within a second that nobody asks', async () => {
      const system = await start(folder, {}, clock)
      await system.serve?.()
      writeFileSync(file, '@example.org\njo@example.org\n')
      const begin = clock.now()
      while (system.events.length === 0 && clock.now() < begin + 1000) {
        if (clock.waiting > 0) clock.advance(100)
        await new Promise((resolve) => setImmediate(resolve))
      }
      expect(system.events.map(({ event }) => event)).toEqual(['plugin-failed'])
      await system.stop?.()
      while (clock.waiting > 0) await new Promise((resolve) => setImmediate(resolve))
    })

    it('keeps the old contents while the new ones have faults, tells each once, and tells the recovery', async () => {
      const system = await start(folder, {}, clock)
      const settle = async (): Promise<void> => {
        await system.accounts.domain('example.org')
        clock.advance(200)
        await system.accounts.domain('example.org')
      }
      for (const broken of [
        '@example.org\njo@example.org\n',
        '',
        Buffer.from('@example.org\n# \xff\n', 'latin1'),
      ]) {
        writeFileSync(file, broken)
        await settle()
        await settle()
        expect(await kind(system, 'jo@example.org')).toBe('account')
      }
      rmSync(file)
      await settle()
      mkdirSync(file)
      await settle()
      expect(await kind(system, 'jo@example.org')).toBe('account')
      const change = administrationOf(system).addDomain('b.example')
      expect(await hurry(change).catch(errorCode)).toBe('MAIL_E_UNAVAILABLE')
      expect(system.events.map(({ event }) => event)).toEqual(Array(5).fill('plugin-failed'))
      expect(system.events.map(({ error }) => error)).toEqual([
        expect.stringContaining('line 2: an account needs a colon'),
        expect.stringContaining('empty'),
        expect.stringContaining('UTF-8'),
        expect.stringContaining('ENOENT'),
        expect.stringContaining('not a file'),
      ])
      rmSync(file, { recursive: true })
      writeFileSync(file, '@example.org\nann@example.org:\n')
      await settle()
      expect(await kind(system, 'jo@example.org')).toBe('unknown')
      expect(system.events.at(-1)?.event).toBe('recovered')
    })

    it('does not read a pipe', async () => {
      const system = await start(folder, {}, clock)
      rmSync(file)
      await promisify(execFile)('mkfifo', [file])
      await system.accounts.domain('example.org')
      clock.advance(200)
      expect(await kind(system, 'jo@example.org')).toBe('account')
      expect(system.events.map(({ event }) => event)).toEqual(['plugin-failed'])
    })
  })

  describe('changing', () => {
    it('leaves comments, order, mode and links as they are', async () => {
      renameSync(file, join(folder, 'real.txt'))
      symlinkSync('real.txt', file)
      const system = await start(folder)
      const administration = administrationOf(system)
      await administration.addDomain('b.example')
      await administration.addAlias(addressOf('sales@example.org'), addressOf('jo@example.org'))
      const ann = await administration.addAccount({
        address: addressOf('ann@b.example'),
        name: 'Ann: B',
        quotaBytes: 5,
      })
      await administration.setQuota(addressOf('jo@example.org'), 7)
      await administration.addAlias(addressOf('sales@example.org'), ann.address)
      expect(readFileSync(join(folder, 'real.txt'), 'utf8')).toBe(
        [
          '# Ours',
          '@example.org',
          '',
          '# The boss',
          'jo@example.org::quota=7',
          'sales@example.org => jo@example.org, ann@b.example',
          '@b.example',
          `ann@b.example::id=${ann.id}:name=Ann\\: B:quota=5`,
          '',
        ].join('\n'),
      )
      expect(statSync(file).mode & 0o777).toBe(0o640)
      expect(readdirSync(folder).toSorted()).toEqual(['accounts.txt', 'real.txt'])
    })

    it('keeps what an editor wrote, and the fields that administration has no word for', async () => {
      const system = await start(folder, {}, clock)
      appendFileSync(file, 'ann@example.org:!:deny=imap:attribute.home=/srv/ann:disabled')
      await hurry(administrationOf(system).setPassword(addressOf('ann@example.org'), 'secret'))
      expect(readFileSync(file, 'utf8')).toMatch(
        /\njo@example\.org:\nann@example\.org:\$argon2id\$[^:]+:deny=imap:disabled:attribute\.home=\/srv\/ann$/,
      )
      const verified = await system.accounts.verify('ann@example.org', 'secret', 'pop3')
      expect(verified).toEqual({ ok: false, reason: 'disabled' })
      expect(await system.accounts.resolve(addressOf('ann@example.org'))).toMatchObject({
        account: { disabledProtocols: ['imap'], attributes: { home: '/srv/ann' } },
      })
    })

    it('keeps an account’s id when its line is rewritten', async () => {
      const system = await start(folder)
      const idOf = async (): Promise<string | undefined> =>
        (await administrationOf(system).accounts('example.org'))[0]?.id
      const before = await idOf()
      await administrationOf(system).setQuota(addressOf('jo@example.org'), 7)
      expect(await idOf()).toBe(before)
    })

    it('refuses what the file has no form for, and changes nothing', async () => {
      const system = await start(folder)
      const address = addressOf('ann@example.org')
      await expectCode(
        administrationOf(system).addAccount({ address, name: 'a\nroot@example.org:' }),
        'MAIL_E_INVALID',
      )
      await expectCode(
        administrationOf(system).addAlias(address, { localPart: '', domain: 'b.example' }),
        'MAIL_E_INVALID',
      )
      expect(readFileSync(file, 'utf8')).toBe(contents)
      expect(readdirSync(folder)).toEqual(['accounts.txt'])
    })

    it('loses none of the changes that several processes make at the same time', async () => {
      const here = JSON.stringify(new URL('./index.ts', import.meta.url).href)
      const script = `
        const { default: accountsFile } = await import(${here})
        const { createLog, systemClock } = await import('mailwright')
        let service
        const { definition, options } = accountsFile()
        const lifecycle = definition.setup({
          provide: (_, provided) => { service = provided },
          clock: systemClock, log: createLog('silent'), dataDir: process.env.TEST_DATA,
        }, definition.parseOptions(options))
        await lifecycle.start()
        const name = process.env.TEST_NAME
        for (let index = 0; index < 10;) {
          const address = { localPart: name + index, domain: 'example.org' }
          await service.administration.addAccount({ address }).then(
            () => index++,
            (error) => { if (error.code !== 'MAIL_E_UNAVAILABLE') throw error },
          )
        }`
      const child = (name: string): Promise<unknown> =>
        promisify(execFile)(
          process.execPath,
          ['--conditions=mailwright-source', '--input-type=module', '-e', script],
          {
            cwd: import.meta.dirname,
            env: { ...process.env, TEST_DATA: folder, TEST_NAME: name },
          },
        )
      await Promise.all([child('a'), child('b'), child('c')])
      const system = await start(folder)
      expect(await administrationOf(system).accounts()).toHaveLength(31)
      expect(readdirSync(folder)).toEqual(['accounts.txt'])
    }, 60_000)

    it('waits for a lock, gives up, and takes over one that was left behind', async () => {
      const system = await start(folder, {}, clock)
      writeFileSync(`${file}.lock`, 'somebody')
      writeFileSync(`${file}.abc.new`, 'half')
      expect(await hurry(administrationOf(system).addDomain('b.example')).catch(errorCode)).toBe(
        'MAIL_E_UNAVAILABLE',
      )
      const [then, soon] = [clock.now() / 1000 - 31, clock.now() / 1000 - 29]
      utimesSync(`${file}.abc.new`, then, then)
      utimesSync(`${file}.lock`, soon, soon)
      await hurry(administrationOf(system).addDomain('b.example'))
      expect(readdirSync(folder)).toEqual(['accounts.txt'])
    })

    it('does not write over what somebody else has just written', async () => {
      const system = await start(folder, {}, clock)
      appendFileSync(file, 'ann@example.org:\n')
      const change = administrationOf(system).addDomain('b.example')
      await hurry(change)
      expect(readFileSync(file, 'utf8')).toContain('ann@example.org:\n')
      expect(readFileSync(file, 'utf8')).toContain('@b.example\n')
    })

    it('is unavailable where the folder is gone', async () => {
      const system = await start(folder)
      rmSync(folder, { recursive: true })
      await expectCode(administrationOf(system).addDomain('b.example'), 'MAIL_E_UNAVAILABLE')
    })
  })

  describe('starting', () => {
    it('makes a file where that is wanted, and else says what is missing', async () => {
      rmSync(file)
      const error = await start(folder).catch((caught) => caught)
      expect(errorCode(error)).toBe('MAIL_E_START')
      expect(errorText(error)).toContain('ENOENT')
      const system = await start(folder, { create: true, file: 'deep/er.txt' })
      expect(await system.accounts.domain('example.org')).toBeUndefined()
      expect(statSync(join(folder, 'deep/er.txt')).mode & 0o777).toBe(0o600)
      await administrationOf(system).addDomain('example.org')
      const again = await start(folder, { create: true, file: 'deep/er.txt' })
      expect(await again.accounts.domain('example.org')).toEqual({ name: 'example.org' })
    })

    it('says where a file cannot be made', async () => {
      const error = await start(folder, { create: true, file: 'accounts.txt/deep/below.txt' }).catch(
        (caught) => caught,
      )
      expect(errorCode(error)).toBe('MAIL_E_START')
      expect(errorText(error)).toContain('cannot be made')
    })

    it('tells all faults of the file with their lines', async () => {
      writeFileSync(file, '@example.org\nx\njo@example.org:\ny\n')
      const error = await start(folder).catch((caught) => caught)
      expect(errorCode(error)).toBe('MAIL_E_START')
      expect(errorText(error)).toMatch(/line 2: .*line 4: /)
    })

    it('takes an empty file, a byte order mark, and CRLF', async () => {
      writeFileSync(file, '')
      expect(await (await start(folder)).accounts.domain('example.org')).toBeUndefined()
      writeFileSync(file, '\ufeff@example.org\r\njo@example.org:\r\n')
      expect(await kind(await start(folder), 'jo@example.org')).toBe('account')
    })
  })

  it.each([
    ['', '', '@example.org\r\n# bare\njo@example.org:\r\n', '@example.org\r\n# bare\njo@example.org:'],
    ['without a last line end', '', '@example.org\r\njo@example.org:', '@example.org\r\njo@example.org:'],
    ['with a byte order mark', '\ufeff', '@example.org\njo@example.org:\n', '@example.org\njo@example.org:'],
  ])('keeps line ends and byte order mark when it changes something %s', async (_, mark, before, kept) => {
    writeFileSync(file, mark + before)
    const system = await start(folder)
    await administrationOf(system).addAccount({ address: addressOf('anna@example.org') })
    const end = before.includes('\r') ? '\r\n' : '\n'
    const text = readFileSync(file, 'utf8')
    expect(text.startsWith(`${mark}${kept}${end}anna@example.org:`)).toBe(true)
    expect(text.slice(`${mark}${kept}${end}`.length)).toMatch(
      end === '\n' ? /^[^\r\n]+\n$/ : /^[^\r\n]+\r\n$/,
    )
    await administrationOf(system).setDisabled(addressOf('jo@example.org'), true)
    expect(readFileSync(file, 'utf8')).toContain(`jo@example.org::disabled${end}anna`)
    expect(await kind(await start(folder), 'anna@example.org')).toBe('account')
  })

  it.each(['yaml', 'json'] as const)('keeps line ends and byte order mark of %s', async (format) => {
    const path = join(folder, `accounts.${format}`)
    const text =
      format === 'yaml' ? '# ours\r\ndomains: [example.org]\r\n' : '{\r\n"domains": ["example.org"]}\r\n'
    writeFileSync(path, `\ufeff${text}`)
    const system = await start(folder, { format })
    await administrationOf(system).addAccount({ address: addressOf('anna@example.org') })
    const written = readFileSync(path, 'utf8')
    expect(written).toMatch(/^\ufeff[^\ufeff]*$/)
    expect(written).toContain('anna@example.org')
    expect(written.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    expect(await kind(await start(folder, { format }), 'anna@example.org')).toBe('account')
  })

  it('finds by address only what it says, not what its objects inherit', async () => {
    const system = await start(folder)
    expect(await system.accounts.domain('constructor')).toBeUndefined()
    expect(await system.accounts.byId('__proto__')).toBeUndefined()
    chmodSync(file, 0o600)
  })
})

describe('the options of accounts-file', () => {
  it('have defaults', () => {
    const rest = { create: false, detailSeparator: '+' }
    expect(parseOptions({})).toEqual({ file: 'accounts.txt', format: 'passwd', ...rest })
    expect(parseOptions({ format: 'yaml' })).toEqual({ file: 'accounts.yaml', format: 'yaml', ...rest })
    expect(parseOptions({ file: 'a.json' })).toEqual({ file: 'a.json', format: 'json', ...rest })
    expect(parseOptions({ file: 'a.yml' })).toMatchObject({ format: 'yaml' })
    expect(parseOptions({ file: 'a.yml', format: 'passwd' })).toMatchObject({ format: 'passwd' })
  })

  it.each([
    [{ file: '' }, 'file'],
    [{ file: 'a\0b' }, 'file'],
    [{ create: 1 }, 'create'],
    [{ format: 'toml' }, 'format'],
    [{ detailSeparator: 'x' }, 'detailSeparator'],
    [{ detailSeparator: null }, 'detailSeparator'],
    [{ fiel: 'x' }, 'fiel'],
  ])('%j is refused', (input, path) => {
    try {
      parseOptions(input)
      expect.fail('it was taken')
    } catch (error) {
      expect(error instanceof ConfigError && error.faults.map((fault) => fault.path)).toEqual([path])
    }
  })
})
