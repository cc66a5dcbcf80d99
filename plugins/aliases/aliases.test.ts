import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Address, formatAddress, type Route, UnavailableError } from 'mailwright'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import { addressOf, createTestHost, type FakeClock, fakeClock, type TestHost } from 'mailwright/testing'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { brokenTables } from '../../test/support/faults/broken-tables.ts'
import aliases, { type AliasesInput } from './index.ts'
import { parseOptions } from './options.ts'
import { readTargets } from './targets.ts'

function address(text: string): Address {
  return text === 'postmaster' ? { localPart: text, domain: '' } : addressOf(text)
}

let folder: string
let host: TestHost | undefined
let clock: FakeClock
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mw-aliases-'))
  return () => rm(folder, { recursive: true, force: true })
})
afterEach(async () => {
  await host?.stop()
  host = undefined
})

async function start(options: AliasesInput): Promise<TestHost> {
  const accounts = ['jo', 'anna', 'bob'].map((name) => ({ address: `${name}@here.example` }))
  const plugins = [memory({ accounts }), aliases(options), localDelivery({ postmaster: 'jo@here.example' })]
  // By this clock all files were written an hour ago: nobody waits for them.
  clock = fakeClock(Date.now() + 3_600_000)
  host = await createTestHost({ plugins, hostname: 'mail.here.example', clock })
  return host
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

/** Where an address leads: the local parts of accounts, handlers, or the code of the refusal. */
async function leadsTo(text: string): Promise<string> {
  const asked = address(text)
  const found = await host?.flow.delivery.route({ address: asked, original: asked })
  if (found === undefined || !found.ok) return `${found?.reply.code} ${found?.reply.enhanced}`
  return found.routes.map(nameOf).join(' ')
}

function nameOf(route: Route): string {
  return route.kind === 'account'
    ? (formatAddress(route.address).split('@')[0] ?? '')
    : route.kind === 'handler'
      ? route.handler
      : formatAddress(route.address)
}

async function answer(to: string, from: string | null = 'a@else.example'): Promise<string> {
  const [only] = (await host?.send({ from, to, data: 'Subject: x\n\nx\n' })) ?? []
  return `${only?.reply.code} ${only?.reply.enhanced}`
}

describe('virtual aliases', () => {
  test('are found in the order of virtual(5)', async () => {
    await start({
      virtual: [
        {
          'jo+lists@here.example': 'anna@here.example',
          'Info@here.example': ['jo@here.example', 'anna@here.example'],
          root: 'bob@here.example',
          '@here.example': 'bob@here.example',
          '@old.example': '@here.example',
        },
      ],
      localDomains: ['here.example'],
    })
    expect(await leadsTo('INFO@here.example')).toBe('jo anna')
    expect(await leadsTo('jo+lists@here.example')).toBe('anna')
    expect(await leadsTo('jo+other@here.example')).toBe('jo+other')
    expect(await leadsTo('info+x@here.example')).toBe('jo+x anna+x')
    expect(await leadsTo('root@here.example')).toBe('bob')
    expect(await leadsTo('root+x@here.example')).toBe('bob+x')
    expect(await leadsTo('nobody+x@here.example')).toBe('bob')
    expect(await leadsTo('anna@old.example')).toBe('anna')
    expect(await leadsTo('anna+x@old.example')).toBe('anna+x')
  })

  test('non-ASCII domains and local parts are found in every spelling', async () => {
    const path = await file('eai', 'jo@München.example jo@here.example\nö@here.example anna@here.example\n')
    await start({
      virtual: [`hash:${path}`, { '@köln.example': 'bob@here.example', 'köln.example': 'anything' }],
      patterns: [{ match: /^p@münchen\.example$/, to: 'anna@here.example' }],
    })
    expect(await leadsTo('jo@münchen.example')).toBe('jo')
    expect(await leadsTo('jo@xn--mnchen-3ya.example')).toBe('jo')
    expect(await leadsTo('Ö@here.example')).toBe('anna')
    expect(await leadsTo('x@xn--kln-sna.example')).toBe('bob')
    expect(await leadsTo('p@xn--mnchen-3ya.example')).toBe('anna')
  })

  test('a domain that is a key in U-labels is one of aliases', async () => {
    await start({ virtual: [{ 'köln.example': 'anything', 'jo@köln.example': 'jo@here.example' }] })
    expect(await answer('nobody@xn--kln-sna.example')).toBe('550 5.1.1')
    expect(await answer('jo@xn--kln-sna.example')).toMatch(/^250/)
  })

  test('keys in quotes are asked before those without', async () => {
    await start({
      virtual: [{ 'a;b@old.example': 'anna@here.example' }, { '"a;b"@old.example': 'jo@here.example' }],
    })
    expect(await leadsTo('"a;b"@old.example')).toBe('jo')
    expect(await leadsTo('"A;b+x"@old.example')).toBe('jo+x')
  })

  test('an earlier form of the address wins over an earlier table', async () => {
    await start({
      virtual: [{ '@old.example': 'jo@here.example' }, { 'x@old.example': 'anna@here.example' }],
      patterns: [{ match: /^y(\d)@old\.example$/i, to: ['$1@old.example', 'bob@here.example'] }],
    })
    expect(await leadsTo('x@old.example')).toBe('anna')
    expect(await leadsTo('y1@old.example')).toBe('bob jo')
  })

  test('without propagation the detail stays behind; one that is too long does, too', async () => {
    await start({ virtual: [{ 'info@here.example': 'jo@here.example' }], propagateDetail: false })
    expect(await leadsTo('info+x@here.example')).toBe('jo')
    await host?.stop()
    await start({ virtual: [{ 'i@here.example': 'jo@here.example' }] })
    expect(await leadsTo(`i+${'x'.repeat(253)}@here.example`)).toBe(`jo+${'x'.repeat(253)}`)
    expect(await leadsTo(`i+${'x'.repeat(254)}@here.example`)).toBe('jo')
  })

  test('a detail goes on to the same user elsewhere once, or not at all', async () => {
    const virtual = [
      {
        'info@here.example': '@out.example',
        '@old.example': '@out.example',
        'jo+x@out.example': 'bob@here.example',
      },
      {
        'info+x@out.example': 'anna@here.example',
        'info@out.example': 'jo@here.example',
        'b+x@out.example': 'bob@here.example',
      },
    ]
    await start({ virtual })
    expect(await leadsTo('info+x@here.example')).toBe('anna')
    expect(await leadsTo('info+x@old.example')).toBe('anna')
    expect(await leadsTo('b+x@old.example')).toBe('bob')
    await host?.stop()
    await start({ virtual, propagateDetail: false })
    expect(await leadsTo('info+x@here.example')).toBe('jo')
    expect(await leadsTo('info+x@old.example')).toBe('anna')
  })

  test('nobody is left out where there are too many', async () => {
    const lists = await Promise.all(
      Array.from({ length: 101 }, (_, at) => file(`list-${at}`, `n${at}@here.example\n`)),
    )
    const including = (count: number) =>
      lists
        .slice(0, count)
        .map((path) => `:include:${path}`)
        .join(',')
    await start({
      virtual: [
        {
          'many@here.example': Array.from({ length: 10_001 }, (_, at) => `n${at % 7}@here.example`),
          'hundred@here.example': including(100),
          'more@here.example': including(101),
          '@here.example': 'jo@here.example',
        },
      ],
    })
    expect(await leadsTo('hundred@here.example')).toBe('jo')
    expect(await leadsTo('more@here.example')).toBe('451 4.3.0')
    expect(await leadsTo('many@here.example')).toBe('451 4.3.0')
    expect(host?.log.lines.map(({ error }) => error)).toEqual([
      expect.stringContaining('includes more than 100 files'),
      expect.stringContaining('names more than 10000 targets'),
    ])
  })

  test('loops and aliases for nobody are refused', async () => {
    await start({
      virtual: [
        {
          'a@here.example': 'b@here.example',
          'b@here.example': 'a@here.example',
          'program@here.example': '|/bin/list, jo@here.example',
          'file@here.example': '/var/mail/x',
          'odd@here.example': 'jo@@here.example',
          'far@here.example': 'x@far.example',
        },
      ],
    })
    expect(await leadsTo('a@here.example')).toBe('554 5.4.6')
    expect(await leadsTo('program@here.example')).toBe('550 5.1.1')
    expect(await leadsTo('file@here.example')).toBe('550 5.1.1')
    expect(await leadsTo('odd@here.example')).toBe('451 4.3.0')
    expect(await leadsTo('far@here.example')).toBe('550 5.7.1')
    expect(host?.log.lines.filter(({ event }) => event === 'refused')).toHaveLength(2)
    // A client is told the same, also in a domain of the accounts.
    expect(await answer('a@here.example')).toBe('554 5.4.6')
    expect(await answer('program@here.example')).toBe('550 5.1.1')
    expect(await answer('odd@here.example')).toBe('451 4.3.0')
    expect(await answer('far@here.example')).toBe('550 5.7.1')
  })

  test('say whether they are the address’s own', async () => {
    await start({
      virtual: [{ 'i@old.example': 'jo@here.example', '@old.example': 'bob@here.example' }],
      patterns: [{ match: /^p@old\.example$/, to: 'anna@here.example' }],
    })
    const via = async (text: string) =>
      (await host?.flow.delivery.route({ address: address(text), original: address(text) }))?.via
    expect(await via('i+x@old.example')).toBe('alias')
    expect(await via('p@old.example')).toBe('pattern')
    expect(await via('q@old.example')).toBe('catch-all')
  })

  test('who names itself keeps a copy, and others get one', async () => {
    await start({
      virtual: [
        { 'jo@here.example': 'jo@here.example, anna@here.example', 'bob@here.example': 'bob@here.example' },
      ],
    })
    expect(await leadsTo('jo@here.example')).toBe('jo')
    expect(await leadsTo('bob@here.example')).toBe('bob')
    expect(await answer('jo@here.example')).toBe('250 2.0.0')
    const delivered = (await host?.history({ text: 'into INBOX' })) ?? []
    expect(delivered).toHaveLength(2)
  })

  test('one that names itself and is nobody waits for the postmaster', async () => {
    await start({ virtual: [{ 'x@here.example': 'x@here.example, anna@here.example' }] })
    expect(await leadsTo('x@here.example')).toBe('451 4.3.0')
  })
})

describe('claims', () => {
  test('of domains that are aliases only: everything else is unknown', async () => {
    await start({
      virtual: [{ 'old.example': 'anything', 'jo@old.example': 'jo@here.example' }],
      domains: ['Older.example'],
    })
    expect(await answer('jo@old.example')).toBe('250 2.0.0')
    expect(await answer('nobody@old.example')).toBe('550 5.1.1')
    expect(await answer('nobody@older.example')).toBe('550 5.1.1')
    expect(await answer('Postmaster@old.example')).toBe('250 2.0.0')
    expect(await answer('abuse@older.example')).toBe('250 2.0.0')
    expect(await answer('postmaster@foreign.example')).toBe('550 5.7.1')
  })

  test.each([
    '":include:FILE,jo"@old.example',
    '":include:FILE"@old.example',
    '"anna@here.example,jo"@old.example',
    '"jo,anna@here.example"@old.example',
    '"jo\\", anna@here.example, \\"bob"@old.example',
    '"anna@here.example (jo"@old.example',
    '"<anna@here.example>"@old.example',
    '"|/bin/sh"@old.example',
    '"anna@here.example,+x"@old.example',
  ])('what a pattern takes out of %s stays one address', async (text) => {
    const list = await file('anna', 'anna@here.example\n')
    const asked = text.replace('FILE', list)
    for (const to of ['$1@here.example', '$1', 'jo, $1', '$1, jo']) {
      for (const match of [
        /^(.+)@old\.example$/,
        /^(.+?)\+?"?@old\.example$/,
        /^(.+?)(?:\+.*)?@old\.example$/,
      ]) {
        await start({ patterns: [{ match, to }], domains: ['old.example'] })
        expect(await leadsTo(asked), `${match} ${to}`).toMatch(/^(?:451|550) /)
        await host?.stop()
      }
    }
  })

  test('an address for which a pattern takes too long has to wait, others do not, and the log says so once', async () => {
    const slow = await file('slow', '/^(a+)+x@here\\.example$/ jo@here.example\n')
    const { log } = await start({ virtual: [`regexp:${slow}`] })
    const hostile = (number: number) => `${'a'.repeat(40)}${number}@here.example`
    for (let number = 0; number < 3; number++) expect(await answer(hostile(number))).toBe('451 4.3.0')
    expect(await answer('aax@here.example')).toBe('250 2.0.0')
    expect(await answer('anna@here.example')).toBe('250 2.0.0')
    expect(log.lines.filter(({ event }) => event === 'plugin-failed')).toHaveLength(1)
    expect(JSON.stringify(log.lines)).toContain('the pattern of line 1 takes too long')
  })

  test('a pattern of the config that takes too long holds up nobody, either', async () => {
    await start({ patterns: [{ match: /^(a+)+x@here\.example$/, to: 'jo@here.example' }] })
    expect(await answer(`${'a'.repeat(40)}@here.example`)).toBe('451 4.3.0')
    expect(await answer('aax@here.example')).toBe('250 2.0.0')
  })

  test('a large alias is read once, until its table says something else', async () => {
    const names = (count: number) => Array.from({ length: count }, (_, n) => `u${n}@far.example`).join(', ')
    const path = await file('large', `team@here.example ${names(200)}\n`)
    await start({ virtual: [`hash:${path}`] })
    const aliasOf = async () => {
      const asked = address('team@here.example')
      const found = await host?.flow.delivery.route({ address: asked, original: asked })
      return found?.ok === false ? found.reply.code : found?.routes.length
    }
    expect(await aliasOf()).toBe(550)
    await writeFile(path, 'team@here.example jo@here.example\n')
    clock.advance(1_000)
    expect(await aliasOf()).toBe(1)
  })

  test('what a pattern finds for a name in quotes', async () => {
    await start({ patterns: [{ match: /^(.+)@old\.example$/, to: '$1@here.example' }] })
    expect(await leadsTo('"jo"@old.example')).toBe('jo')
    await host?.stop()
    await start({ patterns: [{ match: /^"a, b"@old\.example$/, to: 'anna@here.example' }] })
    expect(await leadsTo('"a, b"@old.example')).toBe('anna')
  })

  test('a pattern opens nobody else’s domain', async () => {
    await start({ patterns: [{ match: /^(.+)-list@.+$/, to: 'jo@here.example' }] })
    expect(await answer('x-list@here.example')).toBe('250 2.0.0')
    expect(await answer('x-list@foreign.example')).toBe('550 5.7.1')
  })

  test('an alias of an address that the accounts do not know', async () => {
    await start({ virtual: [{ 'info@here.example': 'jo@here.example' }] })
    expect(await answer('info@here.example')).toBe('250 2.0.0')
    expect(await answer('other@here.example')).toBe('550 5.1.1')
  })

  test('where the table cannot say: later', async () => {
    await start({
      virtual: [
        {
          async lookUp() {
            throw new UnavailableError('no table')
          },
        },
      ],
    })
    expect(await answer('jo@here.example')).toBe('451 4.3.0')
  })
})

describe('aliases(5)', () => {
  test('names at local domains, included files, /dev/null', async () => {
    const team = await file('team', '# the team\njo, Anna <anna@here.example>\nbob@here.example\n')
    const path = await file(
      'aliases',
      `postmaster: root\nroot: jo\nteam: ":include:${team}"\nnobody: /dev/null\nlost: :include:${team}.none\nlist: "|/bin/list post"\n`,
    )
    await start({ aliases: [path], localDomains: ['here.example', 'mail.here.example'] })
    expect(await leadsTo('root@mail.here.example')).toBe('jo')
    expect(await leadsTo('postmaster')).toBe('jo')
    expect(await leadsTo('team@here.example')).toBe('jo anna bob')
    expect(await leadsTo('Team+x@here.example')).toBe('jo anna bob')
    expect(await leadsTo('nobody@here.example')).toBe('aliases/discard')
    expect(await answer('nobody@here.example')).toBe('250 2.0.0')
    expect(await leadsTo('lost@here.example')).toBe('451 4.3.0')
    expect(await leadsTo('list@here.example')).toBe('550 5.1.1')
    expect(await leadsTo('root@old.example')).toBe('550 5.7.1')
  })

  test('files that include each other are read once', async () => {
    const [one, other] = [join(folder, 'one'), join(folder, 'other')]
    await writeFile(one, `jo\n:include:${other}\n`)
    await writeFile(other, `anna\n:include:${one}\n`)
    const path = await file('aliases-circle', `all: :include:${one}\n`)
    await start({ aliases: [path], localDomains: ['here.example'] })
    expect(await leadsTo('all@here.example')).toBe('jo anna')
  })

  test('errors go to the owner of a list', async () => {
    const path = await file('aliases-owner', 'list: jo\nowner-list: bob\n')
    await start({ aliases: [path], localDomains: ['here.example'] })
    await answer('list@here.example')
    await answer('list@here.example', null)
    const edits = (await host?.history({ text: 'change-reverse-path to' })) ?? []
    expect(edits.filter(({ verb }) => verb === 'edited').map(({ text }) => text)).toEqual([
      'change-reverse-path to owner-list@here.example',
    ])
  })
})

describe('readTargets', () => {
  const settings = { asked: address('jo@here.example'), origin: 'origin.example', most: 1_000 }
  test.each([
    ['anna', ['anna@origin.example']],
    ['\\anna, "anna b"@x.example', ['anna@origin.example', '"anna b"@x.example']],
    ['Anna (home) <anna@x.example>, @y.example', ['anna@x.example', 'jo@y.example']],
    [' , ,a@x.example,', ['a@x.example']],
  ])('%j', async (text, expected) => {
    const { addresses } = await readTargets(text, settings)
    expect(addresses.map(formatAddress)).toEqual(expected)
  })

  test('programs, files, nonsense', async () => {
    expect(await readTargets('|"/bin/a b", "|/bin/c, d", /var/x, a b@x.example, <>', settings)).toMatchObject(
      {
        addresses: [],
        refused: ['|"/bin/a b"', '|/bin/c, d', '/var/x'],
        unreadable: ['a b@x.example', '<>'],
      },
    )
  })
})

describe('options', () => {
  test.each([
    [{ virtual: 'hash:/x' }, 'virtual: must be a list of tables'],
    [{ virtual: ['nix:/x'] }, 'virtual[0]: "nix:/x" names no table: it must be one of hash, btree'],
    [{ virtual: [{ a: 1 }] }, 'virtual[0]: must be a table: a has no text'],
    [{ aliases: ['etc/aliases'] }, 'aliases[0]: must be an absolute path'],
    [{ patterns: [{ match: /a/g, to: 'x' }] }, 'patterns[0].match: must be a regular expression without'],
    [{ patterns: [{ match: /a/ }] }, 'patterns[0].to: must be a text'],
    [{ patterns: [{ match: /(a)/, to: '$2@x' }] }, 'patterns[0].to: the pattern has no group for $2'],
    [{ domains: ['a b'] }, 'domains[0]: must be a domain'],
    [{ origin: '' }, 'origin: must be a domain'],
    [{ detailSeparator: 'x' }, 'detailSeparator: must be one or two punctuation characters'],
  ])('%j: %s', (input, problem) => {
    expect(() => parseOptions(input)).toThrow(problem)
  })
})

test('all tables are checked at the same time, and all their faults are told', async () => {
  const [one, two] = brokenTables()
  const plugins = [aliases({ virtual: [one, two] })]
  await expect(createTestHost({ plugins })).rejects.toMatchObject({
    cause: { code: 'MAIL_E_START', message: 'one is broken; two is broken' },
  })
})
