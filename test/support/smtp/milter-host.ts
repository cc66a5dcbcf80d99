import {
  type Address,
  type Clock,
  definePlugin,
  emptyQueue,
  formatAddress,
  noOptions,
  type PluginInstance,
  queue,
  type RecipientParameters,
  type Reply,
  type Resolver,
  readAll,
  reply,
} from 'mailwright'
import { memoryAccounts } from 'mailwright/plugins/memory'
import milter, { type MilterEntry } from 'mailwright/plugins/milter'
import { createTestHost, type TestHost, type TestMail } from 'mailwright/testing'
import { type FakeMilter, type FakeMilterOptions, startFakeMilter } from './milter-fake.ts'

/** A message that was taken, for those who get the same of it. */
export interface TakenVariant {
  readonly to: readonly string[]
  readonly parameters: readonly RecipientParameters[]
  /** One character an octet. */
  readonly text: string
  readonly quarantine: string | undefined
  /** What an edit made of the reverse-path; undefined: nothing. */
  readonly reversePath: string | null | undefined
}

export interface MilterHost {
  readonly host: TestHost
  readonly taken: readonly TakenVariant[]
  [Symbol.asyncDispose](): Promise<void>
}

export interface MilterHostOptions {
  readonly clock?: Clock
  readonly resolver?: Resolver
  /** What another plugin, behind the milters, refuses recipients with. */
  readonly refuse?: (address: Address) => Reply | undefined
  /** More plugins, in front of the milters. */
  readonly plugins?: readonly PluginInstance[]
  /** And behind them. */
  readonly pluginsBehind?: readonly PluginInstance[]
}

/** A mail of two recipients. */
export const sampleMail = {
  from: 'a@client.example',
  to: ['b@example.org', 'c@example.org'],
  data: 'From: a@client.example\nSubject:  two spaces\n and a fold\nX:none\n\nHello.\n',
}

export const login = { login: 'tim@example.org', secret: 'correct horse battery' }

/** A host with milters that takes mail for everybody and keeps it. */
export async function createMilterHost(
  milters: readonly MilterEntry[],
  { refuse = () => undefined, plugins = [], pluginsBehind = [], ...options }: MilterHostOptions = {},
): Promise<MilterHost> {
  const taken: TakenVariant[] = []
  const host = await createTestHost({
    ...options,
    plugins: [
      memoryAccounts({ accounts: [{ address: login.login, password: login.secret }] }),
      ...plugins,
      milter({ milters }),
      ...pluginsBehind,
      catcher(taken, refuse),
    ],
  })
  return { host, taken, [Symbol.asyncDispose]: () => host.stop() }
}

function catcher(taken: TakenVariant[], refuse: (address: Address) => Reply | undefined): PluginInstance {
  const plugin = definePlugin({
    name: 'catcher',
    provides: [queue],
    parseOptions: noOptions,
    setup({ hooks, provide }) {
      hooks.envelope.checkRecipient.tap('refuse', async (_, { forwardPath }) => refuse(forwardPath))
      hooks.envelope.claimRecipient.tap('all', async () => ({ reason: 'a test' }))
      hooks.delivery.route.tap('all', async ({ address }) => ({
        kind: 'handler',
        handler: 'catcher',
        address,
      }))
      provide(queue, {
        supports: { retries: false, manageable: false },
        async accept({ transaction, variants }) {
          for (const { message, recipients, quarantine, reversePath } of variants)
            taken.push({
              to: recipients.map((one) => formatAddress(one.forwardPath)),
              parameters: recipients.map((one) => one.parameters),
              text: (await readAll(message.content)).toString('latin1'),
              quarantine,
              reversePath:
                reversePath === undefined || reversePath === null ? reversePath : formatAddress(reversePath),
            })
          return variants.flatMap(({ recipients }) =>
            recipients.map(({ forwardPath }) => ({
              recipient: forwardPath,
              reply: reply(250, '2.0.0', `Taken as ${transaction.id}`),
            })),
          )
        },
        ...emptyQueue,
      })
    },
  })
  return plugin({})
}

export interface FakeMilterHost extends MilterHost {
  readonly fake: FakeMilter
}

/** A host with one milter that does what the test says; both end together. */
export async function createFakeMilterHost(
  options: FakeMilterOptions = {},
  entry: Partial<MilterEntry> = {},
  hostOptions: MilterHostOptions = {},
): Promise<FakeMilterHost> {
  const fake = await startFakeMilter(options)
  const made = await createMilterHost([{ socket: fake.socket, ...entry }], hostOptions)
  return {
    ...made,
    fake,
    async [Symbol.asyncDispose]() {
      await made.host.stop()
      await fake.stop()
    },
  }
}

/** The replies to the sample mail, or to one that differs from it, without their texts. */
export async function replyCodes({ host }: MilterHost, more: Partial<TestMail> = {}): Promise<string> {
  const answers = await host.send({ ...sampleMail, ...more })
  return answers.map(({ reply: { code, enhanced } }) => `${code} ${enhanced}`).join(', ')
}
