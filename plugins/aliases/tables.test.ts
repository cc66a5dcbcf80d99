import { fakeClock } from 'mailwright/testing'
import { describe, expect, test } from 'vitest'
import { translatePattern } from './pattern-source.ts'
import { PatternTable } from './pattern-table.ts'
import { SearchTime } from './search-time.ts'
import { parseAliasTable, parseTextTable } from './text-table.ts'

describe('text tables', () => {
  test('keys, values, comments, continued lines', () => {
    const text = `# comment
Jo@Here.example   jo@there.example,
   # within
   anna@there.example\t

@here.example\tall@there.example\r
`
    expect([...parseTextTable(text).entries]).toEqual([
      ['jo@here.example', 'jo@there.example,   anna@there.example'],
      ['@here.example', 'all@there.example'],
    ])
  })

  test('keys in quotes are read as postmap reads them, and all have one spelling', () => {
    const text = [
      '"two words"@a.example  me@a.example',
      '"a\\" b;c"@a.example me@a.example',
      'jo@MÜNCHEN.example me@a.example',
      'jö@a.example me@a.example',
      'a\\ b me@a.example',
    ].join('\n')
    expect([...parseTextTable(text).entries.keys()]).toEqual([
      '"two words"@a.example',
      '"a\\" b;c"@a.example',
      'jo@xn--mnchen-3ya.example',
      'jö@a.example',
      'a\\ b',
    ])
  })

  test('the first of two values holds, and that is told', () => {
    const { entries, warnings } = parseTextTable('a b\nA c\n')
    expect(entries.get('a')).toBe('b')
    expect(warnings).toEqual(['line 2 has a once more'])
  })

  test.each([
    ['  a b\n', 'line 1 continues nothing'],
    ['a b\nalone\n', 'line 2 is no entry: "alone"'],
    ['"two words@a.example me@a.example\n', 'line 1 is no entry'],
    ['"a"b"c d\n', 'line 1 is no entry'],
  ])('%j is no table', (text, problem) => {
    expect(() => parseTextTable(text)).toThrow(problem)
  })

  test('names of aliases(5)', () => {
    const text = 'Root: jo\n"odd:name" : anna,\n  bob\nlist:"|/bin/list post"\n'
    expect([...parseAliasTable(text).entries]).toEqual([
      ['root', 'jo'],
      ['odd:name', 'anna,  bob'],
      ['list', '"|/bin/list post"'],
    ])
    expect(() => parseAliasTable('root jo\n')).toThrow('line 1 is no entry')
    expect(() => parseAliasTable('root:\n')).toThrow('line 1 is no entry')
  })

  test('a hundred thousand entries', () => {
    const lines = Array.from({ length: 100_000 }, (_, n) => `user${n}@here.example box${n}@there.example`)
    const { entries } = parseTextTable(lines.join('\n'))
    expect([entries.size, entries.get('user99999@here.example')]).toEqual([100_000, 'box99999@there.example'])
  })
})

describe('tables of patterns', () => {
  test('the first match wins; groups are put in', () => {
    const patterns = new PatternTable(
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
      ].join('\n'),
      'regexp',
    )
    expect(patterns.lookUp('X-Outgoing@here.example')).toBe('X@here.example')
    expect(patterns.lookUp('jo@there.example')).toBe('foreign@here.example')
    expect(patterns.lookUp('list-b@here.example')).toBe('$b@here.example')
    expect(patterns.lookUp('list-q@here.eyample')).toBe('foreign@here.example')
    expect(patterns.lookUp('list-c@here.example')).toBeUndefined()
    expect(patterns.lookUp('case@here.example')).toBeUndefined()
    expect(patterns.lookUp('CASE@here.example')).toBe('sensitive@here.example')
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
  ])('%j is no table', (text, problem) => {
    expect(() => new PatternTable(text, 'regexp')).toThrow(problem)
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

  test('a pattern that never ends is stopped', () => {
    const patterns = new PatternTable('# one\n/^(([a-z])+)+$/ jo@here.example', 'pcre')
    expect(() => patterns.lookUp(`${'a'.repeat(60)}@`)).toThrow('the pattern of line 2 takes too long')
    expect(patterns.lookUp('abc')).toBe('jo@here.example')
    expect(patterns.lookUp('a'.repeat(2_000))).toBeUndefined()
  })

  test('one that is asked again and again takes no more than its part of the time', () => {
    const clock = fakeClock()
    const time = new SearchTime(clock)
    const patterns = new PatternTable('/^(([a-z])+)+$/ jo@here.example', 'pcre', time)
    const stopped = () =>
      expect(() =>
        time.measure(10, () => {
          clock.advance(300)
          throw new Error('stopped')
        }),
      ).toThrow('stopped')
    for (let searches = 0; searches < 3; searches++) stopped()
    expect(patterns.lookUp('abc')).toBe('jo@here.example')
    stopped()
    expect(patterns.lookUp('abc')).toBe('jo@here.example')
    expect(() => patterns.lookUp('abcd')).toThrow('the patterns have taken too long before')
    clock.advance(3_000)
    expect(patterns.lookUp('abcd')).toBe('jo@here.example')
  })

  test.each([
    ['which one pattern has no need of', 1, false],
    ['which a large table takes for every key', 5_000, true],
  ])('searches just within the limit, %s', (_, rules, answers) => {
    const clock = fakeClock()
    /** By it every search takes 60 ms. */
    const slow = {
      monotonic() {
        clock.advance(60)
        return clock.monotonic()
      },
    }
    const text = Array.from({ length: rules }, (_, n) => `/^list${n}@/ jo@here.example`).join('\n')
    const patterns = new PatternTable(text, 'pcre', new SearchTime(slow))
    const ask = () => {
      for (let n = 0; n < 60; n++) patterns.lookUp(`list0@${n}.example`)
    }
    if (answers) ask()
    else expect(ask).toThrow('the patterns have taken too long before')
  })
})
