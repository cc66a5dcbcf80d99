import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BatchItem, definePlugin, formatAddress, noOptions, type PluginInstance } from 'mailwright'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import rewriting from 'mailwright/plugins/rewriting'
import { addressOf, createTestHost, fakeClock, type TestHost } from 'mailwright/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import srs, { type SrsInput } from './index.ts'
import { parseOptions } from './options.ts'
import { readSecrets } from './secrets.ts'
import { SrsAddresses } from './srs-address.ts'

const day = 86_400_000
const now = Date.UTC(2026, 10, 29)
const addresses = (options: SrsInput = {}, secrets = ['secret']) =>
  new SrsAddresses({ ...parseOptions(options), domain: 'fwd.example', secrets })
const forward = (text: string, options?: SrsInput) => {
  const made = addresses(options).forward(addressOf(text), now)
  return made && formatAddress(made)
}

describe('SrsAddresses', () => {
  test('a sender, a sender of a forwarder, a sender of two', () => {
    expect(forward('Jo+x@Else.example')).toMatch(/^SRS0=[\w+/]{6}=JS=else\.example=Jo\+x@fwd\.example$/)
    const second = forward('SRS0=abcd=UU=else.example=jo@first.example')
    expect(second).toMatch(/^SRS1=[\w+/]{6}=first\.example==abcd=UU=else\.example=jo@fwd\.example$/)
    expect(forward('SRS1=wxyz=first.example==abcd=UU=else.example=jo@second.example')).toBe(second)
    expect(forward('SRS0=ours@else.example')).toMatch(/^SRS0=.*=SRS0=ours@/)
  })

  test.each([
    'jo@else.example',
    'a=b=c@else.example',
    '"jo x"@else.example',
    'SRS0-abcd=UU=else.example=jo@first.example',
    'SRS0+abcd=UU=else.example=a=b@first.example',
  ])('%s and back', (text) => {
    for (const separator of ['=', '-', '+'] as const)
      for (const hash of ['sha1', 'sha256'] as const) {
        const srsAddresses = addresses({ separator, hash })
        const made = srsAddresses.forward(addressOf(text), now)
        expect(made).toBeDefined()
        const found = srsAddresses.reverse(made ?? addressOf('x@x'), now + 21 * day)
        expect(found).toEqual({ kind: 'address', address: addressOf(text) })
      }
  })

  test('letters may have changed their case on the way', () => {
    const made = forward('Jo@else.example') ?? ''
    const found = addresses().reverse(addressOf(made.toLowerCase()), now)
    expect(found).toEqual({ kind: 'address', address: addressOf('jo@else.example') })
  })

  test('what is too old, signed by somebody else, or changed', () => {
    const made = addressOf(forward('jo@else.example') ?? '')
    expect(addresses().reverse(made, now + 22 * day)).toEqual({ kind: 'expired' })
    expect(addresses({ maxAge: '30d' }).reverse(made, now + 22 * day)?.kind).toBe('address')
    expect(addresses().reverse(made, now - day)).toEqual({ kind: 'expired' })
    expect(addresses({}, ['other']).reverse(made, now)).toEqual({ kind: 'forged' })
    expect(addresses({}, ['other', 'secret']).reverse(made, now)?.kind).toBe('address')
    for (const text of [
      formatAddress(made).replace('=jo@', '=joe@'),
      formatAddress(made).replace(/=JS=/, '=JT='),
      'SRS0=x@fwd.example',
      'SRS1=abcdef=first.example=abcd=UU=else.example=jo@fwd.example',
      'srs1-abcdef=first.example==abcd=UU=else.example=jo@fwd.example',
    ])
      expect(addresses().reverse(addressOf(text), now)).toEqual({ kind: 'forged' })
    expect(addresses().reverse(addressOf('jo@fwd.example'), now)).toBeUndefined()
  })

  test('a hash that is too short is none', () => {
    const made = addressOf(forward('jo@else.example', { hashLength: 4 }) ?? '')
    expect(addresses().reverse(made, now)).toEqual({ kind: 'forged' })
    expect(addresses({ minHashLength: 4 }).reverse(made, now)?.kind).toBe('address')
  })

  test('what would be too long cannot be made', () => {
    expect(forward(`${'x'.repeat(36)}@else.example`)).toBeDefined()
    expect(forward(`${'x'.repeat(37)}@else.example`)).toBeUndefined()
    expect(forward(`${'x'.repeat(200)}@else.example`)).toBeUndefined()
  })
})

describe('secrets', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mw-srs-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('are made once, whoever comes at the same time, and nobody else reads them', async () => {
    const path = join(folder, 'new/secret')
    const all = await Promise.all([1, 2, 3].map(() => readSecrets(path, true)))
    expect(all[0]).toHaveLength(1)
    expect(all[0]?.[0]?.length).toBe(43)
    expect(all[1]).toEqual(all[0])
    expect(all[2]).toEqual(all[0])
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(join(folder, 'new'))).toEqual(['secret'])
  })

  test('of a file of several; none is an error', async () => {
    await writeFile(join(folder, 'two'), 'one\r\n\ntwo\n')
    expect(await readSecrets(join(folder, 'two'), false)).toEqual(['one', 'two'])
    await writeFile(join(folder, 'empty'), '\n')
    await expect(readSecrets(join(folder, 'empty'), true)).rejects.toThrow('there is no secret')
    await expect(readSecrets(join(folder, 'none'), false)).rejects.toThrow('there is no secret')
    await expect(readSecrets(folder, false)).rejects.toThrow('cannot be read')
  })
})

describe('the plugin', () => {
  let host: TestHost | undefined
  const sent: BatchItem[] = []
  const clock = fakeClock(now)
  afterEach(async () => {
    sent.length = 0
    await host?.stop()
  })

  /** A recipe that forwards anna's mail; all that is delivered is kept here. */
  const recipes: PluginInstance = definePlugin({
    name: 'recipes',
    parseOptions: noOptions,
    setup({ hooks }) {
      hooks.delivery.sort.tap('recipe', async (disposition) =>
        disposition.route.account.address.localPart === 'anna'
          ? {
              ...disposition,
              actions: ['a@far.example', 'jo@here.example'].map((to) => ({
                kind: 'forward',
                address: addressOf(to),
              })),
            }
          : undefined,
      )
      hooks.delivery.deliver.tap('keep', async ({ items }) => {
        sent.push(...items)
        return items.map(() => ({ kind: 'delivered', text: 'kept' }))
      })
    },
  })()

  /** A relay for one domain, with routes to all others. */
  const world: PluginInstance = definePlugin({
    name: 'world',
    parseOptions: noOptions,
    setup({ hooks }) {
      hooks.envelope.claimRecipient.tap('relay', async (_, { forwardPath }) =>
        forwardPath.domain === 'direct.example' ? { reason: 'relay' } : undefined,
      )
      hooks.delivery.route.tap('remote', async ({ address: asked }) =>
        asked.domain === '' || asked.domain === 'here.example'
          ? undefined
          : { kind: 'remote', address: asked },
      )
    },
  })()

  async function start(options: SrsInput = {}, ...before: readonly PluginInstance[]): Promise<TestHost> {
    const accounts = ['jo', 'anna'].map((name) => ({ address: `${name}@here.example` }))
    const aliases = [
      { address: 'team@here.example', targets: ['jo@here.example', 'x@far.example'] },
      { address: 'far@here.example', targets: ['x@far.example'] },
    ]
    host = await createTestHost({
      clock,
      plugins: [
        memory({ accounts, aliases }),
        recipes,
        ...before,
        srs({ domain: 'fwd.example', ...options }),
        localDelivery({ postmaster: 'jo@here.example' }),
        world,
      ],
    })
    return host
  }
  const send = async (to: string | readonly string[], from: string | null = 'a@else.example') =>
    ((await host?.send({ from, to, data: 'Subject: x\n\nx\n' })) ?? []).map(
      ({ reply }) => `${reply.code} ${reply.enhanced}`,
    )
  const paths = () =>
    sent.map(({ route, reversePath }) => [
      route.kind,
      reversePath && formatAddress(reversePath).replace(/=.*=/, '=…='),
    ])

  test('what an alias sends to another host gets an address of ours; what stays keeps its own', async () => {
    await start()
    expect(await send(['team@here.example', 'x@direct.example'])).toEqual(['250 2.0.0', '250 2.0.0'])
    expect(paths()).toEqual([
      ['remote', 'SRS0=…=a@fwd.example'],
      ['remote', 'a@else.example'],
      ['account', 'a@else.example'],
    ])
  })

  test.each([
    ['bounces', null, null],
    ['senders of ours', 'jo@here.example', 'jo@here.example'],
    ['senders of excluded domains', 'jo@friend.example', 'jo@friend.example'],
    ['senders that are too long', `${'x'.repeat(60)}@else.example`, 'postmaster@fwd.example'],
  ])('%s', async (_, from, expected) => {
    await start({ exclude: ['friend.example'] })
    await send('far@here.example', from)
    expect(paths()).toEqual([['remote', expected]])
  })

  test('senders of ours that are called something else outside', async () => {
    await start({}, rewriting({ generic: [{ 'jo@here.example': 'Public.Name@isp.example' }] }))
    await send('far@here.example', 'jo@here.example')
    expect(paths()).toEqual([['remote', 'Public.Name@isp.example']])
  })

  test.each([
    ['jo@here.example', 'owner@gmail.example', 'SRS0=…=owner@fwd.example'],
    ['a@else.example', 'jo@here.example', 'jo@here.example'],
  ])('the sender that others have made of %s counts: %s', async (from, changed, expected) => {
    const milter = definePlugin({
      name: 'milter',
      parseOptions: noOptions,
      setup({ hooks }) {
        hooks.data.rewriteMessage.tap('sender', async (edits) => [
          ...edits,
          { kind: 'change-reverse-path', address: addressOf(changed) },
        ])
      },
    })
    await start({}, milter())
    await send('far@here.example', from)
    expect(paths()).toEqual([['remote', expected]])
  })

  test('what is redirected to another host gets an address of ours', async () => {
    const redirect = definePlugin({
      name: 'redirect',
      parseOptions: noOptions,
      setup({ hooks }) {
        hooks.data.rewriteMessage.tap('redirect', async (edits) => [
          ...edits,
          { kind: 'redirect', address: addressOf('x@far.example') },
        ])
      },
    })
    await start({}, redirect())
    await send('jo@here.example')
    expect(paths()).toEqual([['remote', 'SRS0=…=a@fwd.example']])
  })

  test('what a recipe forwards to another host, too', async () => {
    await start()
    await send('anna@here.example')
    expect(paths().toSorted()).toEqual([
      ['account', 'a@else.example'],
      ['remote', 'SRS0=…=a@fwd.example'],
    ])
  })

  test('a bounce comes back to the sender; nothing else comes through', async () => {
    await start()
    await send('far@here.example')
    const [forwarded] = sent.splice(0)
    const made = formatAddress(forwarded?.reversePath ?? addressOf('x@x'))
    expect(await send(made, null)).toEqual(['250 2.0.0'])
    expect(sent.splice(0).map(({ route }) => formatAddress(route.address))).toEqual(['a@else.example'])
    expect(
      await send([made.replace('=a@', '=victim@'), 'SRS0=x@fwd.example', 'jo@fwd.example'], null),
    ).toEqual(['550 5.7.1', '550 5.7.1', '550 5.7.1'])
    clock.advance(22 * day)
    expect(await send(made, null)).toEqual(['550 5.1.1'])
    expect(await send('postmaster@fwd.example', null)).toEqual(['250 2.0.0'])
  })

  test('bounces only, where that is asked for', async () => {
    await start({ bouncesOnly: true })
    await send('far@here.example')
    const made = formatAddress(sent[0]?.reversePath ?? addressOf('x@x'))
    expect(await send(made)).toEqual(['550 5.7.1'])
    expect(await send(made, null)).toEqual(['250 2.0.0'])
  })

  test('the commands show both directions', async () => {
    const { dataDir } = await start()
    const [{ instance, context }] = [
      { instance: srs({ domain: 'fwd.example' }), context: { dataDir, clock, hostname: 'x' } },
    ]
    const commands =
      instance.definition.commands?.(context as never, parseOptions({ domain: 'fwd.example' })) ?? []
    const run = async (name: string, text: string) =>
      commands.find((one) => one.name === name)?.run({ arguments: [text], options: {} })
    const made = await run('srs forward', 'a@else.example')
    expect(made?.text).toMatch(/^SRS0=/)
    expect(await run('srs reverse', made?.text ?? '')).toMatchObject({ text: 'a@else.example', exitCode: 0 })
    expect(await run('srs reverse', 'SRS0=a=bb=c=d@fwd.example')).toMatchObject({
      text: 'forged',
      exitCode: 1,
    })
    await expect(run('srs reverse', 'nobody')).rejects.toThrow('is no address')
    expect(await readFile(join(dataDir, 'srs.secret'), 'utf8')).toMatch(/^\S{43}\n$/)
  })
})

describe('options', () => {
  test.each([
    [{ domain: 'a b' }, 'domain: must be a domain'],
    [{ exclude: ['[192.0.2.1]'] }, 'exclude[0]: must be a domain'],
    [{ hashLength: 3 }, 'hashLength: must be a whole number from 4 to 20'],
    [{ maxAge: '2y' }, 'maxAge: must be a duration'],
    [{ secretFile: 'secret' }, 'secretFile: must be an absolute path'],
    [{ separator: '_' }, 'separator: must be one of'],
  ])('%j: %s', (input, problem) => {
    expect(() => parseOptions(input)).toThrow(problem)
  })
})
