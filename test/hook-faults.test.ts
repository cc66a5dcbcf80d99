import {
  type Account,
  accounts,
  type Batch,
  type DeliveryReport,
  definePlugin,
  type HistoryEntry,
  type HookKind,
  hookCatalogue,
  type MailboxChange,
  noOptions,
  type PluginInstance,
  parseAddress,
  type RouteQuestion,
  reply,
  type Session,
  store,
  type Tap,
  type TapContext,
  type Transaction,
} from 'mailwright'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import pop3 from 'mailwright/plugins/pop3'
import smtp from 'mailwright/plugins/smtp'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

// A plugin does everything wrong that a plugin can do, in every hook, while a client that it concerns and one that it
// does not concern talk to the server over sockets.

const password = 'correct horse battery staple'
const plainLogin = (who: string) => Buffer.from(`\0${who}@example.org\0${password}`).toString('base64')

/** A wrong thing to do, with the hook's arguments and the context as the last. */
type Wrong = (...args: readonly unknown[]) => unknown

const nonsense = {
  code: 200,
  enhanced: null,
  lines: [],
  kind: 'nonsense',
  reason: 7,
  score: 'many',
  actions: 'all',
}
const thenable = (then: (answered: (answer: unknown) => void, failed: (error: unknown) => void) => void) => ({
  then,
})

const wrongs: Readonly<Record<string, Wrong>> = {
  'throws at once': () => {
    throw new Error('out of order')
  },
  rejects: () => Promise.reject(new Error('out of order')),
  'rejects with nothing': () => Promise.reject(undefined),
  'throws what cannot be shown': () => {
    throw Object.create(null)
  },
  hangs: () => new Promise(() => undefined),
  'answers twice': () =>
    thenable((answered) => {
      answered(undefined)
      answered(undefined)
    }),
  'answers null': async () => null,
  'answers nonsense': async () => nonsense,
  'answers what throws when it is read': async () =>
    new Proxy([], {
      get: (_, name) => {
        if (name === 'then') return undefined
        throw new Error('hands off')
      },
    }),
  'answers without a promise': () => nonsense,
  'answers when its time is over': (...args) => {
    const { signal } = args.at(-1) as TapContext
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
  },
}

/** What is notified gives no answer that counts, so none can be wrong but null. */
const harmlessForNotify = ['answers nonsense', 'answers what throws when it is read']

/** What is told in the background is waited for; only a failing test waits so long. */
const patience = { timeout: 10_000 }

/** Changes of which a store does not tell who asked for them. */
const ofNoSession = ['retrieval.messageFlagged', 'retrieval.messageExpunged']

const kinds = new Map(
  Object.entries(hookCatalogue).flatMap(([group, hooks]) =>
    Object.entries<HookKind>(hooks).map(([name, kind]) => [`${group}.${name}`, kind] as const),
  ),
)

let current: { readonly hook: string; readonly wrong: Wrong } | undefined

/** Whether a hook is called for the client that the faulty plugin concerns. */
function concernsVictim(hook: string, [first, second]: readonly unknown[]): boolean {
  const isVictim = ({ address }: Account) => address.localPart === 'victim'
  switch (hook) {
    case 'delivery.route':
      return (first as RouteQuestion).original.localPart === 'victim'
    case 'delivery.deliver':
      return (first as Batch).items.some(({ recipient }) => recipient.localPart === 'victim')
    case 'delivery.sort':
      return isVictim((first as { route: { account: Account } }).route.account)
    case 'data.prepareMessage':
    case 'data.rewriteMessage':
      return (second as Transaction).session.listener.startsWith('victim')
    case 'delivery.delivered':
    case 'delivery.deferred':
    case 'delivery.bounced':
      return (first as DeliveryReport).item.recipient.localPart === 'victim'
  }
  if (hook.startsWith('retrieval.')) return isVictim((first as MailboxChange).account)
  const session = hook.startsWith('connection.') ? (first as Session) : (first as Transaction).session
  return session.listener.startsWith('victim')
}

/** Taps every hook, and does the wrong thing of the moment in the hook of the moment. */
const saboteur = definePlugin({
  name: 'saboteur',
  parseOptions: noOptions,
  setup({ hooks }) {
    for (const hook of Object.values(hooks).flatMap((group) => Object.values(group))) {
      const { name, tap } = hook as {
        name: string
        tap(step: string, run: Tap<readonly unknown[], unknown>): void
      }
      tap('fault', ((...args: readonly unknown[]) => {
        if (current?.hook === name && concernsVictim(name, args)) return current.wrong(...args)
        return undefined
      }) as unknown as Tap<readonly unknown[], unknown>)
    }
    return undefined
  },
})

/** Makes deliveries fail where the sender asks for it, so that the hooks of failures have something to tell. */
const outcomes = definePlugin({
  name: 'outcomes',
  parseOptions: noOptions,
  setup({ hooks }) {
    hooks.delivery.deliver.tap('as-asked', async ({ items }) => {
      const reversePath = items[0]?.reversePath
      if (reversePath?.localPart === 'later')
        return items.map(() => ({ kind: 'deferred', reply: reply(452, '4.2.2', 'Full') }))
      if (reversePath?.localPart === 'never')
        return items.map(() => ({ kind: 'failed', reply: reply(550, '5.1.1', 'No') }))
      return undefined
    })
    return undefined
  },
})

function listeners(side: string): readonly PluginInstance[] {
  const port = 0
  return [
    smtp({ port, lookupClientName: false }, { as: `${side}-transfer` }),
    smtp({ role: 'submission', port, tls: 'none', allowPlaintextAuth: true }, { as: `${side}-submission` }),
    pop3({ port, allowPlaintextLogin: true }, { as: `${side}-pop3` }),
  ]
}

let host: TestHost

beforeAll(async () => {
  const users = ['victim', 'other'].map((who) => ({ address: `${who}@example.org`, password }))
  host = await createTestHost({
    sockets: true,
    hookTimeout: 100,
    plugins: [
      saboteur(),
      outcomes(),
      memory({ accounts: users }),
      localDelivery(),
      ...listeners('victim'),
      ...listeners('other'),
    ],
  })
})

afterAll(async () => {
  current = undefined
  await host.stop()
})

/** A step of a conversation: sends lines (none at the start), and answers the reply where it is a good one. */
type Say = (...lines: readonly string[]) => Promise<string>

/** What a client does with an answer that is not good: it says no more. */
class Refused extends Error {}

/** Has a conversation until the first answer that is not good, which is the last one said. */
async function converse(plugin: string, speak: (say: Say) => Promise<string>): Promise<string> {
  const dialogue = await host.connect(plugin)
  const say: Say = async (...lines) => {
    if (lines.length > 0) dialogue.send(...lines)
    let answer = await dialogue.expect(/./)
    while (/^\d{3}-/.test(answer)) answer = await dialogue.expect(/./)
    if (!/^(\+OK|[23]\d\d )/.test(answer)) throw new Refused(answer)
    return answer
  }
  try {
    return await speak(say)
  } catch (error) {
    if (error instanceof Refused) return error.message
    throw error
  } finally {
    await dialogue.end()
  }
}

/** Sends a mail; the answer to its end, or the first refusal. */
const mail =
  (sender = 'somebody') =>
  (side: string) =>
    converse(`${side}-transfer`, async (say) => {
      await say()
      await say('EHLO client.example')
      await say(`MAIL FROM:<${sender}@client.example>`)
      await say(`RCPT TO:<${side}@example.org>`)
      await say('DATA')
      const answer = await say('Subject: hello', '', 'how are you', '.')
      await say('QUIT')
      return answer
    })

const login =
  (wrong = '') =>
  (side: string) =>
    converse(`${side}-submission`, async (say) => {
      await say()
      await say('EHLO client.example')
      return say(`AUTH PLAIN ${wrong || plainLogin(side)}`)
    })

/** Says what nobody knows. */
const odd = (side: string) =>
  converse(`${side}-transfer`, async (say) => {
    await say()
    return say('XODD')
  })

/** Reads and deletes a mail that comes in before. */
async function fetch(side: string): Promise<string> {
  await host.send({ from: 'somebody@client.example', to: `${side}@example.org`, data: 'Subject: x\n\nx\n' })
  return converse(`${side}-pop3`, async (say) => {
    await say()
    await say(`USER ${side}@example.org`)
    await say(`PASS ${password}`)
    await say('DELE 1')
    return say('QUIT')
  })
}

/** No protocol of the shipped plugins changes flags yet: the store is asked itself. */
async function flag(side: string): Promise<string> {
  await host.send({ from: 'somebody@client.example', to: `${side}@example.org`, data: 'Subject: x\n\nx\n' })
  const address = parseAddress(`${side}@example.org`)
  const found = address === undefined ? undefined : await host.service(accounts).resolve(address)
  if (found?.kind !== 'account') throw new Error('no account')
  const mailbox = await (await host.service(store).open(found.account)).openMailbox('INBOX')
  const flagged = await mailbox.changeFlags(
    mailbox.entries.map(({ uid }) => uid),
    { set: ['\\Seen', `$Kept${mailbox.highestModSequence}`] },
  )
  await mailbox.close()
  return flagged.entries.length > 0 ? 'flagged' : 'nothing to flag'
}

interface Expectation {
  /** What makes a client's session meet the hook; answers the last reply. */
  readonly conversation: (side: string) => Promise<string>
  /** The last reply to a client whom no fault concerns. */
  readonly good: RegExp
  /** The last reply to one whose hook fails. */
  readonly bad: RegExp
}

const accepted = /^250 2\.0\.0 /
const localError = /^451 4\.3\.0 /
const refusedMail: Expectation = { conversation: mail(), good: accepted, bad: localError }
const unharmedMail: Expectation = { conversation: mail(), good: accepted, bad: accepted }

const expectations: Readonly<Record<string, Expectation>> = {
  'connection.claimClient': unharmedMail,
  // In place of a greeting (RFC 5321 §3.1).
  'connection.checkClient': { conversation: mail(), good: accepted, bad: /^421 4\.3\.0 / },
  'connection.checkHello': refusedMail,
  'connection.unknownCommand': { conversation: odd, good: /^500 5\.5\.2 /, bad: localError },
  'connection.checkLogin': { conversation: login(), good: /^235 /, bad: localError },
  'connection.loggedIn': { conversation: login(), good: /^235 /, bad: /^235 / },
  'connection.loginFailed': {
    conversation: login(Buffer.from('\0nobody\0nothing').toString('base64')),
    good: /^535 5\.7\.8 /,
    bad: /^535 5\.7\.8 /,
  },
  'connection.closed': unharmedMail,
  'envelope.checkSender': refusedMail,
  'envelope.checkRecipient': refusedMail,
  'envelope.claimRecipient': refusedMail,
  'data.prepareMessage': refusedMail,
  'data.inspect': unharmedMail,
  'data.checkMessage': refusedMail,
  'data.rewriteMessage': refusedMail,
  'data.accepted': unharmedMail,
  'delivery.route': refusedMail,
  'delivery.sort': refusedMail,
  'delivery.deliver': refusedMail,
  'delivery.delivered': unharmedMail,
  'delivery.deferred': { conversation: mail('later'), good: /^452 4\.2\.2 /, bad: /^452 4\.2\.2 / },
  'delivery.bounced': { conversation: mail('never'), good: /^550 5\.1\.1 /, bad: /^550 5\.1\.1 / },
  'retrieval.checkAccess': { conversation: fetch, good: /^\+OK/, bad: /^-ERR \[SYS\/TEMP\]/ },
  'retrieval.mailboxOpened': { conversation: fetch, good: /^\+OK/, bad: /^\+OK/ },
  'retrieval.messageStored': unharmedMail,
  'retrieval.messageFlagged': { conversation: flag, good: /^flagged$/, bad: /^flagged$/ },
  'retrieval.messageExpunged': { conversation: fetch, good: /^\+OK/, bad: /^\+OK/ },
}

interface FaultsFound {
  readonly faults: readonly HistoryEntry[]
  readonly findings: readonly HistoryEntry[]
  readonly logged: readonly unknown[]
}

/** What history and log say of the faulty plugin in one hook since a time. */
async function written(hook: string, since: Date, logLine: number): Promise<FaultsFound> {
  const entries = await host.history({ since })
  return {
    faults: entries.filter((entry) => entry.verb === 'fault' && entry.hook === hook),
    findings: entries.filter((entry) => entry.verb === 'finding' && entry.by === 'saboteur/failed'),
    logged: host.log.lines
      .slice(logLine)
      .filter((line) => line.event === 'hook-failed' && line.hook === hook),
  }
}

test('every hook of the catalogue is met by a conversation', () => {
  expect(Object.keys(expectations)).toEqual([...kinds.keys()])
})

describe.each([...kinds])('%s (%s)', (hook, kind) => {
  test.each(Object.entries(wrongs))('a tap that %s', async (what, wrong) => {
    const { conversation, good, bad } = expectations[hook] ?? unharmedMail
    const harmless = kind === 'notify' && harmlessForNotify.includes(what)
    const since = new Date()
    const logLine = host.log.lines.length
    current = { hook, wrong }
    const [victim, other] = await Promise.all([conversation('victim'), conversation('other')])
    expect(other).toMatch(good)
    expect(victim).toMatch(harmless ? good : bad)
    const count = harmless ? 0 : 1
    await vi.waitFor(async () => {
      const { faults, logged, findings } = await written(hook, since, logLine)
      expect(faults.length).toBeGreaterThanOrEqual(count)
      for (const fault of faults) {
        expect(fault.by).toBe('saboteur/fault')
        if (!ofNoSession.includes(hook)) expect(fault.session ?? fault.transaction).toBeDefined()
      }
      expect(logged.length).toBeGreaterThanOrEqual(count)
      expect(findings).toHaveLength(kind === 'inspect' ? 1 : 0)
    }, patience)
    current = undefined
    // The same client, and everybody else, is served as before.
    expect(await conversation('victim')).toMatch(good)
  })
})

test('after all that the server is well', async () => {
  expect(await Promise.all([mail()('victim'), mail()('other')])).toEqual([
    expect.stringMatching(accepted),
    expect.stringMatching(accepted),
  ])
  expect(host.log.lines.filter(({ event }) => event === 'internal-error')).toEqual([])
})
