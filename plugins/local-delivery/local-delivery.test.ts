import {
  type Account,
  type Accounts,
  type Address,
  type Batch,
  type BatchItem,
  bufferContent,
  createLog,
  createMessage,
  MailwrightError,
  OwnNames,
  type Recipient,
  type Resolution,
  type RouteResult,
  reply,
  type Session,
  type SessionRole,
  type Store,
  UnavailableError,
} from 'mailwright'
import { addressOf, capturedLog } from 'mailwright/testing'
import { describe, expect, test } from 'vitest'
import { loopRefusal } from './delivered-before.ts'
import { distinctFilings } from './distinct-filings.ts'
import { addressRefusal } from './known-address.ts'
import { LocalAddresses } from './local-addresses.ts'
import { parseOptions } from './options.ts'
import { StoreDelivery } from './store-delivery.ts'

const account = (name: string): Account => ({ id: name, address: addressOf(`${name}@here.example`) })

/** Accounts jo and anna, and an alias team for both. */
const directory = {
  async resolve({ localPart, domain }: Address) {
    if (domain !== 'here.example') return { kind: 'foreign' }
    const [name = '', detail] = localPart.split('+')
    if (name === 'jo' || name === 'anna')
      return { kind: 'account', account: account(name), ...(detail ? { detail } : {}) }
    if (name === 'gone') return { kind: 'account', account: { ...account(name), disabled: true } }
    if (name === 'team') return { kind: 'alias', addresses: [addressOf('jo@here.example')], via: 'alias' }
    return { kind: 'unknown' }
  },
} as unknown as Accounts

describe('LocalAddresses', () => {
  const ownNames = new OwnNames('Mail.Here.Example')
  const persons = { postmaster: addressOf('jo@here.example'), abuse: addressOf('anna@here.example') }
  const addresses = new LocalAddresses(directory, persons, ownNames)

  test.each([
    ['jo@here.example', { kind: 'account', account: account('jo') }],
    ['jo+lists@here.example', { kind: 'account', detail: 'lists' }],
    ['team@here.example', { kind: 'expansion', via: 'alias' }],
    ['Postmaster@here.example', { kind: 'expansion', addresses: [addressOf('jo@here.example')] }],
    ['ABUSE@here.example', { kind: 'expansion', addresses: [addressOf('anna@here.example')] }],
  ])('routes %s', async (text, expected) => {
    expect(await addresses.route(addressOf(text))).toMatchObject(expected)
  })

  test('routes a postmaster without a domain, and nobody else without one', async () => {
    expect(await addresses.route({ localPart: 'postmaster', domain: '' })).toMatchObject({
      kind: 'expansion',
    })
    expect(await addresses.route({ localPart: 'jo', domain: '' })).toBeUndefined()
  })

  test.each([
    'postmaster@mail.here.example',
    'jo@mail.here.example',
    'postmaster@[192.0.2.77]',
    'mailer-daemon@elsewhere.example',
  ])('leaves %s to others', async (text) => {
    expect(await addresses.resolve(addressOf(text))).toEqual({ kind: 'foreign' })
  })

  test('leads nobody to himself', async () => {
    const missing = { postmaster: addressOf('Abuse@here.example'), abuse: addressOf('abuse@here.example') }
    const found = await new LocalAddresses(directory, missing, ownNames).resolve(
      addressOf('abuse@here.example'),
    )
    expect(found).toEqual({ kind: 'unknown' })
  })

  test('has no route for the unknown and the foreign', async () => {
    expect(await addresses.route(addressOf('nobody@here.example'))).toBeUndefined()
    expect(await addresses.route(addressOf('jo@elsewhere.example'))).toBeUndefined()
    expect(await addresses.route(addressOf('postmaster@elsewhere.example'))).toBeUndefined()
    expect(await addresses.route(addressOf('abuse@elsewhere.example'))).toBeUndefined()
  })

  test('has a postmaster only where one is named', async () => {
    const without = new LocalAddresses(directory, { postmaster: undefined, abuse: undefined }, ownNames)
    expect(await without.resolve(addressOf('postmaster@here.example'))).toEqual({ kind: 'unknown' })
    expect(await without.resolve(addressOf('abuse@here.example'))).toEqual({ kind: 'unknown' })
  })

  const own = account('postmaster')
  test.each([
    ['an account', { kind: 'account', account: own }, own.address],
    ['an alias', { kind: 'alias', addresses: [addressOf('anna@here.example')], via: 'alias' }, 'anna'],
    ['a catch-all', { kind: 'alias', addresses: [addressOf('anna@here.example')], via: 'catch-all' }, 'jo'],
    ['a disabled account', { kind: 'account', account: { ...own, disabled: true } }, 'jo'],
  ] as const)('of that name, %s', async (_, resolution: Resolution, expected) => {
    const others = { resolve: async () => resolution } as unknown as Accounts
    const persons = { postmaster: addressOf('jo@here.example'), abuse: undefined }
    const found = await new LocalAddresses(others, persons, ownNames).route(own.address)
    const leadsTo = found?.kind === 'expansion' ? found.addresses[0]?.localPart : found?.address
    expect(leadsTo).toEqual(expected)
  })
})

describe('addressRefusal', () => {
  const asked = addressOf('list@here.example')
  const unknown: Resolution = { kind: 'unknown' }
  const disabled: Resolution = { kind: 'account', account: { ...account('list'), disabled: true } }
  const routed = (result: RouteResult) => ({ route: async () => result })
  const nowhere = routed({ ok: false, reply: reply(550, '5.7.1', 'No route') })
  const handler = routed({ ok: true, routes: [{ kind: 'handler', handler: 'lists', address: asked }] })

  test('refuses whom nobody knows, and says why', async () => {
    expect(await addressRefusal(asked, unknown, nowhere)).toMatchObject({ code: 550, enhanced: '5.1.1' })
    expect(await addressRefusal(asked, disabled, nowhere)).toMatchObject({ code: 550, enhanced: '5.2.1' })
  })

  test('refuses nobody whom another plugin leads somewhere', async () => {
    expect(await addressRefusal(asked, unknown, handler)).toBeUndefined()
    expect(await addressRefusal(asked, disabled, handler)).toBeUndefined()
  })

  test('does not take a relay for a place of an address of ours', async () => {
    const relay = routed({ ok: true, routes: [{ kind: 'remote', address: asked, nextHop: 'smart.example' }] })
    expect(await addressRefusal(asked, unknown, relay)).toMatchObject({ enhanced: '5.1.1' })
  })

  test.each([
    [550, '5.7.1', 'a target that leads nowhere'],
    [554, '5.4.6', 'a loop'],
    [550, '5.1.1', 'an alias to a program'],
  ])('says what is wrong with what was expanded: %s %s', async (code, enhanced, text) => {
    const wrong = routed({ ok: false, reply: reply(code, enhanced, text), via: 'alias' })
    expect(await addressRefusal(asked, unknown, wrong)).toMatchObject({ code, enhanced, lines: [text] })
    expect(await addressRefusal(asked, disabled, wrong)).toMatchObject({ code, enhanced, lines: [text] })
  })

  test('says later where nobody can say now', async () => {
    const broken = routed({ ok: false, reply: reply(451, '4.3.0', 'Later') })
    expect(await addressRefusal(asked, unknown, broken)).toMatchObject({ code: 451 })
  })
})

/** A store that keeps what is committed; `broken` says which step fails, by account and mailbox. */
function fakeStore(broken: Readonly<Record<string, Error>> = {}): {
  store: Store
  prepared: string[]
  kept: string[]
  aborted: string[]
} {
  const prepared: string[] = []
  const kept: string[] = []
  const aborted: string[] = []
  const store = {
    open: async ({ id }: Account) => ({
      async stage(
        mailbox: string,
        content: { size: number; read(start: number, end: number): Promise<Buffer> },
      ) {
        const place = `${id}/${mailbox}`
        const problem = broken[`stage ${place}`]
        if (problem !== undefined) throw problem
        const text = (await content.read(0, content.size)).toString()
        return {
          async prepare() {
            const refused = broken[`prepare ${place}`]
            if (refused !== undefined) throw refused
            prepared.push(place)
          },
          async commit() {
            const late = broken[`commit ${place}`]
            if (late !== undefined) throw late
            kept.push(`${place}: ${text}`)
          },
          async abort() {
            aborted.push(place)
          },
        }
      },
    }),
  } as unknown as Store
  return { store, prepared, kept, aborted }
}

async function item(
  name: string,
  mailboxes: readonly string[] = ['INBOX'],
  text = 'Subject: x\r\n\r\nbody\r\n',
): Promise<BatchItem> {
  const to = addressOf(`${name}@here.example`)
  return {
    recipient: to,
    parameters: {},
    reversePath: addressOf('sender@else.example'),
    route: { kind: 'account', account: account(name), address: to },
    message: await createMessage(bufferContent(Buffer.from(text))),
    filings: mailboxes.map((mailbox) => ({ kind: 'file', mailbox })),
  }
}

function batch(items: readonly BatchItem[], atomic = true): Batch {
  const { signal } = new AbortController()
  return { id: 'q1', parameters: {}, kind: 'account', items, atomic, signal }
}

const log = createLog('silent')
const delivery = (store: Store, lines = log) =>
  new StoreDelivery(store, { postmaster: undefined, abuse: undefined, deliveredTo: true }, lines)

describe('StoreDelivery', () => {
  test('puts the trace fields on top of the octets as they came', async () => {
    const { store, kept } = fakeStore()
    const outcomes = await delivery(store).deliver(batch([await item('jo')]))
    expect(outcomes).toEqual([{ kind: 'delivered', text: 'into INBOX' }])
    const trace = 'Return-Path: <sender@else.example>\r\nDelivered-To: jo@here.example\r\n'
    expect(kept).toEqual([`jo/INBOX: ${trace}Subject: x\r\n\r\nbody\r\n`])
  })

  test('leaves one Return-Path, whatever the message says of itself', async () => {
    const { store, kept } = fakeStore()
    const text =
      'X: 1\r\nReturn-Path: <forged@evil.example>\r\nreturn-path:\r\n <folded>\r\n\r\nReturn-Path: text\r\n'
    const message = createMessage(bufferContent(Buffer.from(text)))
    await delivery(store).deliver(batch([{ ...(await item('jo')), message: await message }]))
    const trace = 'Return-Path: <sender@else.example>\r\nDelivered-To: jo@here.example\r\n'
    expect(kept).toEqual([`jo/INBOX: ${trace}X: 1\r\n\r\nReturn-Path: text\r\n`])
  })

  test('writes the null reverse-path', async () => {
    const { store, kept } = fakeStore()
    await delivery(store).deliver(batch([{ ...(await item('jo')), reversePath: null }]))
    expect(kept[0]).toContain('Return-Path: <>\r\n')
  })

  test.each(['MAIL_E_NOT_FOUND', 'MAIL_E_INVALID', 'MAIL_E_PERMISSION', 'MAIL_E_OVER_QUOTA'] as const)(
    'files into several mailboxes, and into INBOX where one of them does not take it: %s',
    async (code) => {
      const { store, kept } = fakeStore({ 'stage jo/Lists': new MailwrightError(code, 'no') })
      const lines = capturedLog()
      const outcomes = await delivery(store, lines).deliver(batch([await item('jo', ['Archive', 'Lists'])]))
      expect(kept.map((one) => one.split(':')[0])).toEqual(['jo/Archive', 'jo/INBOX'])
      expect(outcomes).toEqual([{ kind: 'delivered', text: 'into Archive, INBOX' }])
      expect(lines.lines).toMatchObject([{ level: 'warn', event: 'refused', mailbox: 'Lists', code }])
    },
  )

  test.each([[['INBOX', 'Lists']], [['Lists', 'INBOX']], [['Lists', 'Spam']]])(
    'puts one copy into INBOX and no more: %s',
    async (mailboxes) => {
      const no = new MailwrightError('MAIL_E_PERMISSION', 'no')
      const { store, kept } = fakeStore({ 'stage jo/Lists': no, 'stage jo/Spam': no })
      const outcomes = await delivery(store).deliver(batch([await item('jo', mailboxes)]))
      expect(kept.map((one) => one.split(':')[0])).toEqual(['jo/INBOX'])
      expect(outcomes).toEqual([{ kind: 'delivered', text: 'into INBOX' }])
    },
  )

  test.each([
    [['Lists', 'inbox'], ['jo/INBOX']],
    [['INBOX', 'Inbox'], ['jo/INBOX']],
    [
      ['Work', 'INBOX', 'Work'],
      ['jo/Work', 'jo/INBOX'],
    ],
    [
      ['inbox/Work', 'INBOX/Work', 'INBOX/work'],
      ['jo/INBOX/Work', 'jo/INBOX/work'],
    ],
  ])('puts no second copy into a mailbox: %s', async (mailboxes, into) => {
    const { store, kept } = fakeStore({ 'stage jo/Lists': new MailwrightError('MAIL_E_NOT_FOUND', 'no') })
    await delivery(store).deliver(batch([await item('jo', mailboxes)]))
    expect(kept.map((one) => one.split(':')[0])).toEqual(into)
  })

  test('files once with the flags of all that name the mailbox, and makes it where one asks for that', () => {
    expect(
      distinctFilings([
        { kind: 'file', mailbox: 'Work', flags: ['\\Seen'] },
        { kind: 'file', mailbox: 'Work', flags: ['\\Flagged', '\\Seen'], create: true },
        { kind: 'file', mailbox: 'Work', create: false },
        { kind: 'file', mailbox: 'inbox' },
      ]),
    ).toEqual([
      { kind: 'file', mailbox: 'Work', flags: ['\\Seen', '\\Flagged'], create: true },
      { kind: 'file', mailbox: 'INBOX' },
    ])
  })

  test('is over quota where INBOX is too', async () => {
    const full = new MailwrightError('MAIL_E_OVER_QUOTA', 'full')
    const { store, kept } = fakeStore({ 'stage jo/Lists': full, 'stage jo/INBOX': full })
    expect(await delivery(store).deliver(batch([await item('jo', ['Lists'])]))).toMatchObject([
      { kind: 'failed', reply: { code: 552 } },
    ])
    expect(kept).toEqual([])
  })

  test.each([
    [
      'a full mailbox',
      new MailwrightError('MAIL_E_OVER_QUOTA', 'full'),
      { kind: 'failed', reply: { code: 552, enhanced: '5.2.2' } },
    ],
    ['a broken disk', new UnavailableError('EIO'), { kind: 'deferred', reply: { code: 451 } }],
    ['a fault of ours', new TypeError('oops'), { kind: 'deferred', reply: { code: 451 } }],
  ])('delivers to nobody where one of them has %s', async (_, problem, outcome) => {
    const { store, kept, aborted } = fakeStore({ 'stage anna/INBOX': problem })
    const outcomes = await delivery(store).deliver(batch([await item('jo'), await item('anna')]))
    expect(outcomes).toMatchObject([{ kind: 'deferred', reply: { code: 451 } }, outcome])
    expect(kept).toEqual([])
    expect(aborted).toEqual(['jo/INBOX'])
  })

  test('delivers to the others where each has an answer of its own', async () => {
    const { store, kept } = fakeStore({ 'stage anna/INBOX': new UnavailableError('EIO') })
    const outcomes = await delivery(store).deliver(batch([await item('jo'), await item('anna')], false))
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['delivered', 'deferred'])
    expect(kept).toHaveLength(1)
  })

  test('says later where the last step fails, and gives up what has not come to it', async () => {
    const { store, kept, aborted } = fakeStore({ 'commit jo/Work': new UnavailableError('EIO') })
    const items = [await item('jo', ['INBOX', 'Work', 'Archive'])]
    expect(await delivery(store).deliver(batch(items))).toMatchObject([{ kind: 'deferred' }])
    expect(kept).toHaveLength(1)
    expect(aborted).toContain('jo/Archive')
  })

  test.each([
    [true, ['deferred', 'deferred'], [], ['anna/INBOX', 'anna/Work', 'jo/INBOX']],
    [false, ['delivered', 'deferred'], ['jo/INBOX'], ['anna/INBOX', 'anna/Work']],
  ])('commits nothing where a mailbox cannot be made; all together: %s', async (atomic, kinds, into, not) => {
    const broken = { 'prepare anna/Work': new UnavailableError('ENOSPC') }
    const { store, prepared, kept, aborted } = fakeStore(broken)
    const items = [await item('jo'), await item('anna', ['INBOX', 'Work'])]
    const outcomes = await delivery(store).deliver(batch(items, atomic))
    expect(outcomes.map(({ kind }) => kind)).toEqual(kinds)
    expect(kept.map((one) => one.split(':')[0])).toEqual(into)
    expect(aborted.toSorted()).toEqual(not)
    expect(prepared.toSorted()).toEqual(['anna/INBOX', 'jo/INBOX'])
  })

  test('makes no mailbox where somebody can have nothing', async () => {
    const { store, prepared } = fakeStore({ 'stage anna/INBOX': new UnavailableError('EIO') })
    await delivery(store).deliver(batch([await item('jo', ['Work']), await item('anna')]))
    expect(prepared).toEqual([])
  })

  test('stops a message that was delivered to the address before', async () => {
    const { store, kept } = fakeStore()
    const text = 'Delivered-To: JO@here.example\r\nSubject: x\r\n\r\n'
    const outcomes = await delivery(store).deliver(batch([await item('jo', ['INBOX'], text)]))
    expect(outcomes).toMatchObject([{ kind: 'failed', reply: { code: 554, enhanced: '5.4.6' } }])
    expect(kept).toEqual([])
    const off = new StoreDelivery(store, { postmaster: undefined, abuse: undefined, deliveredTo: false }, log)
    expect(await off.deliver(batch([await item('jo', ['INBOX'], text)]))).toMatchObject([
      { kind: 'delivered' },
    ])
  })
})

describe('loopRefusal', () => {
  const to = (name: string): Recipient => ({
    forwardPath: addressOf(`${name}@here.example`),
    parameters: {},
    claimedBy: 'test',
    routes: [{ kind: 'account', account: account(name), address: addressOf(`${name}@here.example`) }],
  })

  test.each<[string, SessionRole, readonly string[], string | undefined]>([
    ['JO@here.example', 'transfer', ['anna', 'jo'], '5.4.6'],
    ['JO@here.example', 'submission', ['jo'], '5.4.6'],
    ['jo@here.example', 'transfer', ['anna'], undefined],
    // Each has an answer of its own.
    ['jo@here.example', 'lmtp', ['anna', 'jo'], undefined],
  ])('Delivered-To: %s by %s for %j: %s', async (before, role, names, enhanced) => {
    const text = `Delivered-To: ${before}\r\nSubject: x\r\n\r\n`
    const { header } = await createMessage(bufferContent(Buffer.from(text)))
    const transaction = { session: { role } as Session, recipients: names.map(to) }
    expect(loopRefusal(transaction, header)?.enhanced).toBe(enhanced)
  })
})

describe('options', () => {
  test('a postmaster is an address', () => {
    expect(parseOptions({ postmaster: 'me@Example.ORG' }).postmaster).toEqual({
      localPart: 'me',
      domain: 'example.org',
    })
    expect(parseOptions({ postmaster: 'me@example.org' }).abuse?.localPart).toBe('me')
    expect(parseOptions({ postmaster: 'me@example.org', abuse: 'you@example.org' }).abuse?.localPart).toBe(
      'you',
    )
    expect(parseOptions({}).abuse).toBeUndefined()
    expect(() => parseOptions({ abuse: 'me' })).toThrow('abuse: must be an address')
    expect(() => parseOptions({ postmaster: 'me' })).toThrow(
      'postmaster: must be an address such as "me@example.org"',
    )
    expect(() => parseOptions({ postmastr: 'me@example.org' })).toThrow('did you mean "postmaster"?')
  })
})
