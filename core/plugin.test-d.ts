// What the compiler must refuse in a plugin and in a config. Checked by `tsc`: an @ts-expect-error without an error is one.
import {
  type Account,
  accounts,
  bufferContent,
  type Config,
  type Content,
  defineConfig,
  definePlugin,
  type Lifecycle,
  noOptions,
  type PluginContext,
  type PluginInstance,
  reply,
  type Session,
  type Store,
  serviceKey,
  store,
} from './index.ts'

const no = reply(550, '5.7.1', 'No')

/** What `setup` may do with hooks. */
export function taps({ hooks: { connection, data, delivery, envelope } }: PluginContext): void {
  connection.checkClient.tap('good', async (session, { signal }) => {
    const seen: Session = session
    return seen.tls === undefined && !signal.aborted ? no : undefined
  })
  connection.checkClient.tap('no-arguments', async () => undefined)
  connection.checkClient.tap('silent', async () => {})
  connection.checkClient.tap('ordered', async () => undefined, {
    after: ['a', 'b/step'],
    before: 'c',
    timeout: 1_000,
  })

  // @ts-expect-error null is no answer
  connection.checkClient.tap('null', async () => null)
  // @ts-expect-error nor is a text
  connection.checkClient.tap('text', async () => 'no')
  // @ts-expect-error nor is a yes
  connection.checkClient.tap('yes', async () => true)
  // @ts-expect-error a tap is a promise
  connection.checkClient.tap('not-a-promise', () => no)
  // @ts-expect-error it gets a session, not a text
  connection.checkClient.tap('arguments', async (_session: string) => undefined)
  // @ts-expect-error it gets no third argument
  connection.checkClient.tap('too-many', async (_session, _context, _more) => undefined)
  // @ts-expect-error the option is called `timeout`
  connection.checkClient.tap('option', async () => undefined, { timeOut: 1 })
  // @ts-expect-error a time is a number of milliseconds
  connection.checkClient.tap('time', async () => undefined, { timeout: '5s' })
  // @ts-expect-error only the core runs hooks
  connection.checkClient.decide([])

  connection.loggedIn.tap('notified', async (_session, account) => {
    const seen: Account = account
    seen.id.trim()
  })
  // @ts-expect-error what is notified answers nothing
  connection.loggedIn.tap('answers', async () => no)

  envelope.claimRecipient.tap('claims', async () => ({ reason: 'ours' }))
  // @ts-expect-error a claim has a reason
  envelope.claimRecipient.tap('claims-silently', async () => ({}))
  // @ts-expect-error a claim cannot refuse
  envelope.claimRecipient.tap('refuses', async () => no)

  data.inspect.tap('one', async () => ({ test: 'p/x', score: 1, text: 'odd' }))
  data.inspect.tap('many', async () => [{ test: 'p/x', score: 1, text: 'odd' }])
  // @ts-expect-error a finding has a score
  data.inspect.tap('unscored', async () => ({ test: 'p/x', text: 'odd' }))

  data.prepareMessage.tap('fields', async (edits) => [
    ...edits,
    { kind: 'insert-field', name: 'X', value: 'x' },
  ])
  // @ts-expect-error of fields and the body only
  data.prepareMessage.tap('envelope', async (edits) => [...edits, { kind: 'discard' }])
  data.rewriteMessage.tap('edits', async (edits) => [...edits, { kind: 'quarantine', reason: 'virus' }])
  // @ts-expect-error a list of edits
  data.rewriteMessage.tap('one-edit', async () => ({ kind: 'quarantine', reason: 'virus' }))
  // @ts-expect-error of known kinds
  data.rewriteMessage.tap('unknown-edit', async () => [{ kind: 'explode' }])
  data.rewriteMessage.tap('in-place', async (edits) => {
    // @ts-expect-error values are not changed in place
    edits.push({ kind: 'quarantine', reason: 'virus' })
    return undefined
  })

  delivery.sort.tap('sorts', async (disposition) => ({ ...disposition, actions: [] }))
  // @ts-expect-error the whole disposition
  delivery.sort.tap('forgets', async () => ({ actions: [] }))
  delivery.deliver.tap('delivers', async ({ items }) =>
    items.map(() => ({ kind: 'delivered', text: 'done' })),
  )
  // @ts-expect-error an outcome of a known kind
  delivery.deliver.tap('loses', async ({ items }) => items.map(() => ({ kind: 'lost' })))
  delivery.route.tap('routes', async ({ address }) => ({ kind: 'remote', address }))
  // @ts-expect-error a remote route has an address
  delivery.route.tap('routes-nowhere', async () => ({ kind: 'remote' }))
}

/** What `setup` may do with services. */
export function services({ use, useOptional, provide }: PluginContext, given: Store): void {
  const found: Store = use(store)
  // @ts-expect-error it may not be there
  const sure: Store = useOptional(store)
  // @ts-expect-error accounts are no store
  const other: Store = use(accounts)
  provide(store, given)
  // @ts-expect-error a store can do more
  provide(store, { supports: found.supports })
  provide(serviceKey<{ readonly count: number }>('example-counter', 'counts'), { count: 1 })
  for (const unused of [sure, other]) void unused
}

interface Options {
  readonly root: string
  readonly keep: number
}

interface Input {
  readonly root: string
  readonly keep?: number | string
}

const parseOptions = (): Options => ({ root: '/', keep: 1 })
const setup = (_context: PluginContext, { root, keep }: Options): Lifecycle | undefined =>
  void [root, keep.toFixed()]

const demanding = definePlugin<Options, Input>({ name: 'demanding', parseOptions, setup })
const modest = definePlugin<Options>({ name: 'modest', parseOptions, setup })
const plain = definePlugin({ name: 'plain', parseOptions: noOptions, setup: () => undefined })

/** What a config may say to plugins. */
export const instances: readonly PluginInstance[] = [
  demanding({ root: '/var/mail', keep: '5d' }),
  demanding({ root: '/var/mail' }, { as: 'second' }),
  modest(),
  modest({ keep: 2 }),
  plain(),
  plain({}, { as: 'another' }),
  // @ts-expect-error the root is missing
  demanding(),
  // @ts-expect-error the root is missing
  demanding({ keep: 1 }),
  // @ts-expect-error the root is a text
  demanding({ root: 1 }),
  // @ts-expect-error there is no such option
  demanding({ root: '/', rot: '/' }),
  // @ts-expect-error keep is a number
  modest({ keep: '5d' }),
  // @ts-expect-error it has no options
  plain({ root: '/' }),
  // @ts-expect-error the instance's name is a text
  plain({}, { as: 1 }),
]

export const configs: readonly Config[] = [
  defineConfig({ plugins: instances, hookTimeout: '30s', log: { level: 'warn' } }),
  defineConfig({ plugins: [modest(), false, undefined] }),
  // @ts-expect-error the factory is called
  defineConfig({ plugins: [modest] }),
  // @ts-expect-error a config has plugins
  defineConfig({}),
  // @ts-expect-error there is no such setting
  defineConfig({ plugins: [], hookTimout: 1 }),
  // @ts-expect-error there is no such level
  defineConfig({ plugins: [], log: { level: 'loud' } }),
]

/** What a definition must be. */
export const definitions: readonly unknown[] = [
  definePlugin({ name: 'n', parseOptions: noOptions, setup: (): void => {} }),
  // @ts-expect-error setup is not asynchronous
  definePlugin({ name: 'a', parseOptions: noOptions, setup: async () => undefined }),
  // @ts-expect-error it has a setup
  definePlugin({ name: 'b', parseOptions: noOptions }),
  // @ts-expect-error it parses its options
  definePlugin<Options>({ name: 'c', setup }),
  // @ts-expect-error services are named by their keys
  definePlugin({ name: 'd', requires: ['store'], parseOptions: noOptions, setup: () => undefined }),
  // @ts-expect-error the parser answers the options
  definePlugin<Options>({ name: 'e', parseOptions: () => ({ root: 1 }), setup }),
  // @ts-expect-error a step of life is a promise
  definePlugin({ name: 'f', parseOptions: noOptions, setup: () => ({ start: () => 1 }) }),
]

const content: Content = bufferContent(Buffer.alloc(0))
// @ts-expect-error contents are not changed
content.size = 1
// @ts-expect-error replies are not changed
no.code = 250
