import { addressOf } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { jsonFormat } from './json-format.ts'
import { yamlFormat } from './yaml-format.ts'

const hash = '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAA'
const appHash = `{SSHA256}${Buffer.alloc(48).toString('base64')}`

const yaml = `# Ours
domains:
  - example.org # the first
  - { name: example.net, aliasOf: example.org }
  - name: müller.example
    quota: 10G
    maxAccounts: 3

accounts:
  # The boss
  - address: jo@example.org
    id: k7
    password: ${hash}
    name: Jo Doe # as she writes it
    quota: 2G
    deny: [ pop3 ]
    attributes: { home: /srv/jo }
    appPasswords:
      - { name: Phone, hash: '${appHash}', for: [ imap ], created: 2026-01-01T00:00:00Z }
  # Nobody reads this
  - address: archive@example.org
    disabled: true

aliases:
  - address: sales@example.org
    targets:
      - jo@example.org
      - { address: x@elsewhere.example, expires: 2026-12-31T00:00:00Z }
  - { address: '@example.org', targets: [ jo@example.org ] }
`

const jo = {
  id: 'k7',
  address: addressOf('jo@example.org'),
  name: 'Jo Doe',
  quotaBytes: 2 * 2 ** 30,
  disabledProtocols: ['pop3'],
  attributes: { home: '/srv/jo' },
}

describe('a YAML file', () => {
  it('says all that accounts can be', () => {
    const contents = yamlFormat.read(yaml)
    expect(contents.faults).toEqual([])
    expect(contents.record(addressOf('JO@example.org'))).toEqual({
      account: jo,
      password: hash,
      appPasswords: [
        { name: 'Phone', hash: appHash, roles: ['imap'], createdAt: new Date('2026-01-01T00:00:00Z') },
      ],
    })
    expect(contents.domain('MÜLLER.example')).toEqual({
      name: 'xn--mller-kva.example',
      quotaBytes: 10 * 2 ** 30,
      maxAccounts: 3,
    })
    const at = (text: string, time: string) => contents.resolve(addressOf(text), '+', Date.parse(time))
    expect(at('jo+x@example.net', '2026-06-01')).toEqual({ kind: 'account', account: jo, detail: 'x' })
    expect(at('sales@example.org', '2026-06-01')).toMatchObject({ addresses: [{}, {}] })
    expect(at('sales@example.org', '2027-06-01')).toMatchObject({ addresses: [addressOf('jo@example.org')] })
    expect(at('archive@example.org', '2026-06-01')).toMatchObject({ account: { disabled: true } })
    expect(at('anyone@example.org', '2026-06-01')).toMatchObject({ via: 'catch-all' })
  })

  it('keeps comments, order and style of what does not change', () => {
    const contents = yamlFormat.read(yaml)
    const changed = contents.copy()
    const record = changed.record(addressOf('archive@example.org'))
    if (record === undefined) throw new Error('no such account')
    changed.put({ ...record, account: { ...record.account, name: 'Archive' } })
    changed.domains.set('new.example', { name: 'new.example' })
    const written = contents.write(changed)
    expect(written).toBe(
      yaml
        .replace('    disabled: true\n', '    name: Archive\n    disabled: true\n')
        .replace('    maxAccounts: 3\n', '    maxAccounts: 3\n  - new.example\n'),
    )
    expect(contents.write(contents.copy())).toBe(yaml)
  })

  it('does not let a change of its copy be seen', () => {
    const contents = yamlFormat.read(yaml)
    contents.copy().domains.delete('example.org')
    expect(contents.domain('example.org')).toBeDefined()
  })

  it('may have nothing, or nothing but comments', () => {
    for (const text of [
      '',
      '# nothing yet\n',
      'domains:\naccounts:\n',
      '\ufeffdomains: []\n',
      yamlFormat.empty,
    ]) {
      const contents = yamlFormat.read(text)
      expect(contents.faults, text).toEqual([])
      expect(contents.isEmpty).toBe(true)
      const changed = contents.copy()
      changed.domains.set('example.org', { name: 'example.org' })
      expect(yamlFormat.read(contents.write(changed)).domain('example.org')).toBeDefined()
    }
  })

  it.each([
    ['domains: [a b]', ['domains[0].name: must be a domain such as "example.org"']],
    ['domains: [a.example, A.example]', ['domains[1].name: is there twice']],
    ['domians: [a.example]', ['domians: is not an option here (did you mean "domains"?)']],
    ['domains: [{ name: a.example, aliasOf: b.example }]', [expect.stringMatching(/^domains: .*not among/)]],
    [
      'accounts: [{ address: jo@example.org }]',
      [expect.stringMatching(/^accounts\[0\]\.address: .*not among/)],
    ],
    ['domains: example.org', [expect.stringContaining('domains: must be a list')]],
    ['just words', [expect.stringContaining('must be an object')]],
    ['domains:\n  - a.example\n  b: c', [expect.stringMatching(/^line 3: /)]],
    ['domains: []\ndomains: []', [expect.stringMatching(/^line 2: /)]],
  ])('%j tells where its fault is', (text, expected) => {
    const told = yamlFormat.read(text).faults.map(({ where, problem }) => `${where}: ${problem}`)
    expect(told.slice(0, 1)).toEqual(expected)
  })

  it('tells every fault of an account', () => {
    const account = {
      address: 'jo',
      id: '../x',
      name: 'a\nb',
      quota: -1,
      deny: ['smtp'],
      disabled: 'yes',
      attributes: { '': 'x' },
      appPasswords: [{ name: 'x', hash: 'plain', for: ['telnet'], created: 'once' }],
      pasword: 'x',
    }
    const { faults } = jsonFormat.read(JSON.stringify({ domains: ['example.org'], accounts: [account] }))
    expect(faults.map(({ where }) => where).toSorted()).toEqual(
      [
        'address',
        'appPasswords[0].created',
        'appPasswords[0].for[0]',
        'appPasswords[0].hash',
        'attributes',
        'deny[0]',
        'disabled',
        'id',
        'name',
        'pasword',
        'quota',
      ].map((name) => `accounts[0].${name}`),
    )
  })

  it('is not blown up by anchors, and pollutes nothing', () => {
    const bomb = [
      'a: &a [x, x]',
      ...'bcdefghij'
        .split('')
        .map((name, at) => `${name}: &${name} [*${'abcdefghi'[at]}, *${'abcdefghi'[at]}]`),
    ]
    expect(yamlFormat.read(bomb.join('\n')).faults).toHaveLength(1)
    for (const text of ['__proto__: { polluted: true }', 'domains: [{ __proto__: { name: a.example } }]'])
      expect(yamlFormat.read(text).faults.length).toBeGreaterThan(0)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    expect(jsonFormat.read('{"__proto__": {"polluted": true}}').faults).toHaveLength(1)
  })
})

describe('a JSON file', () => {
  it('says the same as a YAML file, and is read as it was written', () => {
    const directory = yamlFormat.read(yaml).copy()
    const text = jsonFormat.read('').write(directory)
    const contents = jsonFormat.read(text)
    expect(contents.faults).toEqual([])
    expect(contents.record(addressOf('jo@example.org'))?.account).toEqual(jo)
    expect(contents.write(contents.copy())).toBe(text)
  })

  it.each(['{', '[]', '{"domains": [}', 'null x', '"text"'])('%j is refused', (text) => {
    expect(jsonFormat.read(text).faults).toHaveLength(1)
  })

  it('keeps what was deleted', () => {
    const contents = jsonFormat.read(jsonFormat.read('').write(yamlFormat.read(yaml).copy()))
    const changed = contents.copy()
    const [record] = changed.records
    if (record === undefined) throw new Error('no account')
    changed.delete(record)
    changed.deleted = [{ record, deletedAt: new Date(0) }]
    expect(jsonFormat.read(contents.write(changed)).directory.deleted).toEqual(changed.deleted)
  })
})
