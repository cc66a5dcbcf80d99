import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import {
  type Address,
  definePlugin,
  formatAddress,
  noOptions,
  type PluginInstance,
  systemClock,
} from 'mailwright'
import aliases, { table } from 'mailwright/plugins/aliases'
import { addressOf, capturedLog, createTestHost } from 'mailwright/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Random } from '../generator/random.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { runProcess } from '../support/run-process.ts'

// The same files, read by Postfix's own programs and by us. None of its daemons runs.

// Debian has these where only root looks.
process.env.PATH = `${process.env.PATH}${delimiter}/usr/sbin`
const postfix = requirePeer('postmap')

let folder: string
let config: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mw-postmap-'))
  config = join(folder, 'postfix')
  await mkdir(config)
  await writeFile(join(config, 'main.cf'), 'compatibility_level = 3.6\nmyhostname = mail.here.example\n')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function run(program: 'postmap' | 'postalias', words: readonly string[], stdin = ''): Promise<string> {
  const { stdout } = await runProcess(program, ['-c', config, ...words], { folder, stdin })
  return stdout
}

/** What Postfix's program has for each key that it knows. */
async function theirs(
  program: 'postmap' | 'postalias',
  name: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (name.startsWith('hash:')) await run(program, [name])
  const answers = await run(program, ['-q', '-', name], `${keys.join('\n')}\n`)
  const pairs = answers.split('\n').filter((line) => line !== '')
  return new Map(
    pairs.map((line): [string, string] => {
      const [, key = '', value = ''] = /^(.*?):?\t(.*)$/.exec(line) ?? []
      return [key, value]
    }),
  )
}

async function ours(name: string, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const own = table(name)
  await own.open?.({ clock: systemClock, log: capturedLog() })
  const found = new Map<string, string>()
  for (const key of keys) {
    const value = await own.lookUp(own.wholeAddressesOnly ? key : key.toLowerCase())
    if (value !== undefined) found.set(key, value)
  }
  return found
}

const users: readonly [string, ...string[]] = [
  'jo',
  'Anna',
  'bob.b',
  'x_y',
  'info',
  'list-owner',
  "o'neil",
  'jo+lists',
]
const domains: readonly [string, ...string[]] = ['here.example', 'There.example', 'old.example']

function randomTable(seed: number): string {
  const random = new Random(seed)
  const user = () => random.pick(users)
  const address = () => `${user()}@${random.pick(domains)}`
  const key = () =>
    random.pick([address, address, user, () => `@${random.pick(domains)}`, () => random.pick(domains)])()
  const lines: string[] = []
  for (let count = 0; count < 40; count++) {
    const gap = random.pick([' ', '\t', '   \t '])
    const tail = random.pick(['', '', ' ', '\t'])
    const more = random.pick(['', '', `,\n ${address()}`, `,\n# within\n\t${address()},\n\n  ${user()}`])
    lines.push(`${key()}${gap}${address()}${more}${tail}`)
    lines.push(random.pick(['', '# comment', '   # indented comment', '  ', '\t']))
  }
  return `${lines.join('\n')}\n`
}

const allKeys = [
  ...users,
  ...domains,
  ...domains.map((domain) => `@${domain}`),
  ...users.flatMap((user) => domains.map((domain) => `${user}@${domain}`)),
]

describe.runIf(postfix.available)(`tables: ${postfix.title}`, () => {
  test.each([1, 2, 3, 4, 5, 6])('a file of keys says the same to both (%i)', async (seed) => {
    const path = join(folder, `virtual${seed}`)
    await writeFile(path, randomTable(seed))
    const expected = await theirs('postmap', `hash:${path}`, allKeys)
    expect(expected.size).toBeGreaterThan(10)
    expect(await ours(`hash:${path}`, allKeys)).toEqual(expected)
  })

  test('a file of patterns says the same to both', async () => {
    const path = join(folder, 'patterns')
    await writeFile(
      path,
      `# patterns
/^(jo|anna)\\+([^@]*)@here\\.example$/ \${1}@there.example, $(2)@old.example
|^postmaster@|
   root@here.example
if /@there\\.example$/
!/^[[:alpha:]]+@/ odd-$$name@here.example
if !/^info/
/^(.{2,4})@/ short-$1@here.example
endif
endif
/^Info@/i case@here.example
/^[\\.a]{1,2}@|x_y/ bracket@here.example
/^o'n(e|i)+l@.*\\.example/ $1@here.example
`,
    )
    const keys = [
      ...allKeys,
      ...allKeys.map((key) => key.toUpperCase()),
      'jo+a b@here.example',
      'postmaster@x',
      '\\@x',
      'a.@x',
      'anna+@here.example',
      'xx_yy',
    ]
    const expected = await theirs('postmap', `regexp:${path}`, keys)
    expect(expected.size).toBeGreaterThan(15)
    expect(await ours(`regexp:${path}`, keys)).toEqual(expected)
  })
})

/** What mail for an address comes to when Postfix's tables are asked in the order of virtual(5), until nothing changes. */
async function expandedByPostfix(
  virtual: ReadonlyMap<string, string>,
  start: string,
  local: string,
): Promise<readonly string[]> {
  const ends = new Set<string>()
  const seen = new Set<string>()
  const waiting = [start.toLowerCase()]
  for (const address of waiting) {
    if (seen.has(address)) continue
    seen.add(address)
    const [user = '', domain = ''] = address.split('@')
    const [, name = '', detail] = /^([^+]*)(?:\+(.*))?$/.exec(user) ?? []
    const exact = [address, ...(detail === undefined ? [] : [`${name}@${domain}`])]
    const bare = domain === local ? [user, ...(detail === undefined ? [] : [name])] : []
    const key = [...exact, ...bare, `@${domain}`].find((one) => virtual.has(one))
    const value = key === undefined ? undefined : virtual.get(key)
    const lostDetail = key === `${name}@${domain}` || key === name ? detail : undefined
    const targets = value?.split(',').map((one) => {
      const target = one.trim().toLowerCase()
      const whole = target.startsWith('@')
        ? `${user}${target}`
        : target.includes('@')
          ? target
          : `${target}@${local}`
      return lostDetail === undefined ? whole : whole.replace('@', `+${lostDetail}@`)
    })
    if (targets === undefined || targets.includes(address)) ends.add(address)
    waiting.push(...(targets ?? []))
  }
  return [...ends].sort()
}

/** Every address has a place. */
const everywhere: PluginInstance = definePlugin({
  name: 'everywhere',
  parseOptions: noOptions,
  setup({ hooks }) {
    hooks.delivery.route.tap('place', async ({ address }) => ({ kind: 'remote', address }))
  },
})()

describe.runIf(postfix.available)(`expansion: ${postfix.title}`, () => {
  test('addresses lead to the same places', async () => {
    const path = join(folder, 'expansion')
    await writeFile(
      path,
      `old.example anything
@old.example @here.example
info@here.example jo, anna@there.example,
   bob+box@here.example
root jo
jo+lists@here.example list@there.example
@there.example all@far.example
anna@there.example anna@there.example
bob@here.example bob@elsewhere.example
`,
    )
    const local = 'here.example'
    const asked = ['info', 'Info+x', 'root', 'root+y', 'jo', 'jo+lists', 'jo+other', 'bob', 'nobody'].flatMap(
      (user) =>
        ['here.example', 'old.example', 'there.example', 'far.example'].map((domain) => `${user}@${domain}`),
    )
    // Every key that may be asked, answered by the real table.
    const names = [
      'info',
      'root',
      'jo',
      'jo+lists',
      'anna',
      'bob',
      'all',
      'list',
      'nobody',
      'info+x',
      'root+y',
      'jo+other',
      'jo+y',
      'jo+x',
      'bob+box',
      'bob+box+x',
      'anna+x',
    ]
    const places = ['here.example', 'old.example', 'there.example', 'far.example', 'elsewhere.example']
    const keys = [
      ...names,
      ...places.map((place) => `@${place}`),
      ...names.flatMap((name) => places.map((place) => `${name}@${place}`)),
    ]
    const virtual = await theirs('postmap', `hash:${path}`, keys)
    const plugins = [aliases({ virtual: [`hash:${path}`], localDomains: [local] }), everywhere]
    await using host = await createTestHost({ plugins })
    for (const text of asked) {
      const address = addressOf(text)
      const found = await host.flow.delivery.route({ address, original: address })
      const led = found.ok ? found.routes.map((route) => formatAddress(addressed(route)).toLowerCase()) : []
      expect([text, led.sort()]).toEqual([text, await expandedByPostfix(virtual, text, local)])
    }
  })
})

function addressed(route: { readonly address: Address }): Address {
  return route.address
}

describe.runIf(postfix.available)(`aliases(5): ${postfix.title}`, () => {
  test('names lead to the same targets', async () => {
    const path = join(folder, 'aliases')
    await writeFile(
      path,
      `# names
postmaster: root
Root: jo@far.example, anna@far.example
"odd name": jo@far.example
team : jo@far.example,
  # within
  Bob B <bob@far.example>
mixed:	"quoted local"@far.example
root: later@far.example
`,
    )
    await run('postalias', [`hash:${path}`])
    const keys = ['postmaster', 'root', 'odd name', 'team', 'mixed', 'nobody']
    const expected = await theirs('postalias', `hash:${path}`, keys)
    expect([...expected.keys()]).toEqual(['postmaster', 'root', 'odd name', 'team', 'mixed'])
    const plugins = [aliases({ aliases: [path], localDomains: ['here.example'] }), everywhere]
    await using host = await createTestHost({ plugins })
    for (const key of keys) {
      const address = { localPart: key, domain: 'here.example' }
      const found = await host.flow.delivery.route({ address, original: address })
      const led = found.ok ? found.routes.map((route) => formatAddress(addressed(route))) : []
      expect([key, led]).toEqual([key, targetsOf(expected, key)])
    }
  })
})

/** The addresses that postalias keeps for a name; names are followed, and what nobody has stays as it is. */
function targetsOf(table: ReadonlyMap<string, string>, key: string): readonly string[] {
  const value = table.get(key.toLowerCase())
  if (value === undefined) return [`${key}@here.example`]
  return value.split(',').flatMap((one) => {
    const text = one.trim().replace(/^.*<(.*)>$/, '$1')
    return text.includes('@') ? [text] : targetsOf(table, text)
  })
}
