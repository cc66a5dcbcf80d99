import { fakeClock } from 'mailwright/testing'
import { describe, expect, test } from 'vitest'
import { translatePattern } from './pattern-source.ts'
import { PatternTable } from './pattern-table.ts'
import { SearchTime } from './search-time.ts'
import { parseAliasTable, parseTextTable } from './text-table.ts'

describe('text tables', () => {
  test('keys, values, comments, continued lines', async () => {
    const text = `# comment
Jo@Here.example   jo@there.example,
   # within
   anna@there.example\t

@here.example\tall@there.example\r
`
    expect([...(await parseTextTable([text])).entries]).toEqual([
      ['jo@here.example', 'jo@there.example,   anna@there.example'],
      ['@here.example', 'all@there.example'],
    ])
  })

  test('keys in quotes are read as postmap reads them, and all have one spelling', async () => {
    const text = [
      '"two words"@a.example  me@a.example',
      '"a\\" b;c"@a.example me@a.example',
      'jo@MÜNCHEN.example me@a.example',
      'jö@a.example me@a.example',
      'a\\ b me@a.example',
    ].join('\n')
    expect([...(await parseTextTable([text])).entries.keys()]).toEqual([
      '"two words"@a.example',
      '"a\\" b;c"@a.example',
      'jo@xn--mnchen-3ya.example',
      'jö@a.example',
      'a\\ b',
    ])
  })

  test('the first of two values holds, and that is told', async () => {
    const { entries, warnings } = await parseTextTable(['a b\nA c\n'])
    expect(entries.get('a')).toBe('b')
    expect(warnings).toEqual(['line 2 has a once more'])
  })

  test.each([
    ['  a b\n', 'line 1 continues nothing'],
    ['a b\nalone\n', 'line 2 is no entry: "alone"'],
    ['"two words@a.example me@a.example\n', 'line 1 is no entry'],
    ['"a"b"c d\n', 'line 1 is no entry'],
  ])('%j is no table', async (text, problem) => {
    await expect(parseTextTable([text])).rejects.toThrow(problem)
  })

  test('names of aliases(5)', async () => {
    const text = 'Root: jo\n"odd:name" : anna,\n  bob\nlist:"|/bin/list post"\n'
    expect([...(await parseAliasTable([text])).entries]).toEqual([
      ['root', 'jo'],
      ['odd:name', 'anna,  bob'],
      ['list', '"|/bin/list post"'],
    ])
    await expect(parseAliasTable(['root jo\n'])).rejects.toThrow('line 1 is no entry')
    await expect(parseAliasTable(['root:\n'])).rejects.toThrow('line 1 is no entry')
  })

  test('a portion may end anywhere', async () => {
    const text = '\ufeffa@x b@x,\r\n\r\n  c@x\r\n# no\nd@x e@x'
    const whole = [...(await parseTextTable([text])).entries]
    expect(whole).toEqual([
      ['a@x', 'b@x,  c@x'],
      ['d@x', 'e@x'],
    ])
    for (let at = 0; at <= text.length; at++)
      expect([...(await parseTextTable([text.slice(0, at), text.slice(at)])).entries]).toEqual(whole)
  })

  test('a hundred thousand entries, while others have their turn', async () => {
    const lines = Array.from({ length: 100_000 }, (_, n) => `user${n}@here.example box${n}@there.example`)
    let turns = 0
    const others = setInterval(() => {
      turns += 1
    }, 0)
    const { entries } = await parseTextTable([lines.join('\n')])
    clearInterval(others)
    expect(turns).toBeGreaterThan(2)
    expect([entries.size, entries.get('user99999@here.example')]).toEqual([100_000, 'box99999@there.example'])
  })
})

describe('tables of patterns', () => {
  test('the first match wins; groups are put in', async () => {
    const patterns = await PatternTable.read(
      [
        `/^(.+)-outgoing@(.+)$/ \${1}@$(2)`,
        '!/@here\\.example$/ foreign@here.example',
        'if /^list-/',
        '/^list-(a|b)@/ $$$1@here.example',
        'if !/x/',
        '/./ other@here.example',
        'endif',
        'endif',
        '|^CASE@|i sensitive@here.example',
      ].map((line) => `${line}\n`),
      'regexp',
    )
    expect(await patterns.lookUp('X-Outgoing@here.example')).toBe('X@here.example')
    expect(await patterns.lookUp('jo@there.example')).toBe('foreign@here.example')
    expect(await patterns.lookUp('list-b@here.example')).toBe('$b@here.example')
    expect(await patterns.lookUp('list-q@here.eyample')).toBe('foreign@here.example')
    expect(await patterns.lookUp('list-c@here.example')).toBeUndefined()
    expect(await patterns.lookUp('case@here.example')).toBeUndefined()
    expect(await patterns.lookUp('CASE@here.example')).toBe('sensitive@here.example')
    expect(patterns.size).toBe(5)
  })

  test.each([
    ['/a value', 'line 1: the pattern has no closing "/"'],
    ['/a/', 'line 1: the pattern has no value'],
    ['abc x', 'line 1: a pattern begins with a sign'],
    ['/(/ x', 'line 1: Invalid regular expression'],
    ['/a/q x', 'line 1: the flag "q" is not known'],
    ['/a/x x', 'line 1: basic regular expressions are not read'],
    ['if /a/\n/b/ c', 'an "if" has no "endif"'],
    ['endif', 'line 1: there is no "if" to end'],
    ['/[[:nix:]]/ x', 'line 1: there is no class [:nix:]'],
    ['/\\y/ x', 'line 1: nobody knows here what \\y means'],
    ['/\\`jo/ x', 'line 1: nobody knows here what \\` means'],
    ["/jo\\'/ x", "line 1: nobody knows here what \\' means"],
    ['/[[=a=]]/ x', 'line 1: [=a=] is not known in brackets'],
    ['/[a[.-.]]/ x', 'line 1: [.-.] is not known in brackets'],
    ['/./ x\n/@old\\.example$/ $1@new.example', 'line 2: the pattern has no group for $1'],
    [`/(a)(?:b)/ \${2}@new.example`, `line 1: the pattern has no group for \${2}`],
    ['|.{3,}|i $(1)z', 'line 1: the pattern has no group for $(1)'],
    ['!/(a)/ $1@new.example', 'line 1: a negated pattern has no group for $1'],
  ])('%j is no table', async (text, problem) => {
    await expect(PatternTable.read([text], 'regexp')).rejects.toThrow(problem)
  })

  test.each([
    ['[[:alnum:]]+@x', 'regexp', 'Jo9@x', true],
    ['^[^]@]+@', 'regexp', 'jo@x', true],
    ['^a{2}\\@\\-{', 'regexp', 'aa@-{', true],
    ['^a{,2}$', 'regexp', 'aa', true],
    ['^a{,2}$', 'regexp', 'aaa', false],
    ['^a{,2}$', 'pcre', 'a{,2}', true],
    ['\\<jo\\>', 'regexp', 'a.jo@x', true],
    ['\\<jo\\>', 'regexp', 'ajo@x', false],
    ['\\<jo\\>', 'pcre', '<jo>', true],
    ['^[[.]$', 'pcre', '[', true],
    ['^[\\.]$', 'regexp', '\\', true],
    ['^[\\.]$', 'pcre', '\\', false],
    ['\\A\\w+\\z', 'pcre', 'jo', true],
    ['^(?:jo|anna)@[^.]+\\.example$', 'pcre', 'anna@here.example', true],
  ] as const)('%j as %s on %j: %s', (pattern, dialect, text, matches) => {
    expect(new RegExp(translatePattern(pattern, dialect), 'iu').test(text)).toBe(matches)
  })

  const slow = '# one\n/^(([a-z])+)+$/ jo@here.example'
  const hostile = (number: number) => `${'a'.repeat(60)}@${number}`

  test('a pattern that never ends is stopped, and holds up nobody', async () => {
    const patterns = await PatternTable.read([slow], 'pcre')
    expect(await patterns.lookUp('abc')).toBe('jo@here.example')
    let turns = 0
    const others = setInterval(() => {
      turns += 1
    }, 5)
    await expect(patterns.lookUp(hostile(1))).rejects.toThrow('the pattern of line 2 takes too long')
    clearInterval(others)
    expect(turns).toBeGreaterThan(5)
    expect(await patterns.lookUp('a'.repeat(2_000))).toBeUndefined()
  })

  test('others are answered while searches are stopped again and again', async () => {
    const clock = fakeClock()
    const patterns = await PatternTable.read([slow], 'pcre', new SearchTime(clock))
    const stopped: number[] = []
    const all = Array.from({ length: 6 }, (_, number) =>
      expect(patterns.lookUp(hostile(number)).finally(() => stopped.push(number))).rejects.toThrow(
        'too long',
      ),
    )
    expect(await patterns.lookUp('abc')).toBe('jo@here.example')
    expect(stopped.length).toBeLessThan(6)
    await Promise.all(all)
    // The second that they may take together is used up: who is honest needs none of it.
    for (const name of ['abcd', 'abcde', 'abcdef'])
      expect(await patterns.lookUp(name)).toBe('jo@here.example')
  })

  test('what has been stopped for long gets no more than an honest search, for a while', () => {
    const clock = fakeClock()
    const time = new SearchTime(clock)
    time.add(600)
    expect(time.isUsedUp).toBe(false)
    time.add(600)
    expect(time.isUsedUp).toBe(true)
    clock.advance(3_000)
    expect(time.isUsedUp).toBe(false)
  })

  test('five thousand patterns', async () => {
    const lines = Array.from({ length: 5_000 }, (_, n) => `/^list${n}@/ jo${n}@here.example\n`)
    const patterns = await PatternTable.read(lines, 'pcre')
    expect(await patterns.lookUp('list4999@x')).toBe('jo4999@here.example')
    expect(await patterns.lookUp('none@x')).toBeUndefined()
  })
})
