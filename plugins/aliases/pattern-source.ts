/** How a pattern is written: POSIX extended (regexp_table(5)), or as in Perl (pcre_table(5)). */
export type PatternDialect = 'regexp' | 'pcre'

const classes: Readonly<Record<string, string>> = {
  alnum: '\\p{L}\\p{Nd}',
  alpha: '\\p{L}',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '\\x21-\\x7e',
  lower: '\\p{Ll}',
  print: '\\x20-\\x7e',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\s',
  upper: '\\p{Lu}',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
}

const quantifier = /\{\d+(?:,\d*)?\}/y
// GNU's regcomp takes `{,3}` for `{0,3}`; to PCRE it was text until lately.
const openQuantifier = /\{,\d*\}/y
// GNU: where a word begins and ends.
const wordEdges: Readonly<Record<string, string>> = { '<': '\\b(?=\\w)', '>': '\\b(?<=\\w)' }
// `[=a=]` and `[.hyphen.]` in a bracket expression: POSIX leaves to the locale what they are.
const collating = /\[([.=])[^\]]*?\1\]/y
// What a Unicode pattern of JavaScript may have behind a backslash.
const signs = /[$()*+./?[\\\]^{|}]/

/**
 * The same pattern for JavaScript, with the flag `u`: brackets with POSIX classes, signs that need no backslash there.
 * SyntaxError for what has no counterpart.
 */
export function translatePattern(pattern: string, dialect: PatternDialect): string {
  let translated = ''
  for (let at = 0; at < pattern.length; ) {
    const character = pattern.charAt(at)
    if (character === '[') {
      const end = bracketEnd(pattern, at, dialect)
      translated += bracket(pattern.slice(at + 1, end), dialect)
      at = end + 1
    } else if (character === '\\') {
      translated += escaped(pattern.charAt(at + 1), dialect)
      at += 2
    } else if (character === '{') {
      const open = dialect === 'regexp' ? matchAt(openQuantifier, pattern, at) : undefined
      const found = matchAt(quantifier, pattern, at) ?? open
      translated += open?.replace('{', '{0') ?? found ?? '\\{'
      at += found?.length ?? 1
    } else {
      translated += character === '}' || character === ']' ? `\\${character}` : character
      at += 1
    }
  }
  return translated
}

function matchAt(sticky: RegExp, pattern: string, at: number): string | undefined {
  sticky.lastIndex = at
  return sticky.exec(pattern)?.[0]
}

function escaped(character: string, dialect: PatternDialect): string {
  if (character === '') throw new SyntaxError('it ends with a backslash')
  if (dialect === 'regexp' && Object.hasOwn(wordEdges, character)) return wordEdges[character] ?? ''
  if (signs.test(character)) return `\\${character}`
  if (!(dialect === 'regexp' ? /[A-Za-z0-9`']/ : /[A-Za-z0-9]/).test(character)) return character
  if (dialect === 'pcre' && character === 'A') return '^'
  if (dialect === 'pcre' && /[zZ]/.test(character)) return '$'
  if (/[1-9wWsSbB]/.test(character) || (dialect === 'pcre' && /[dDtrn]/.test(character)))
    return `\\${character}`
  throw new SyntaxError(`nobody knows here what \\${character} means`)
}

/** Where a bracket expression ends. A `]` that comes first is one of its characters. */
function bracketEnd(pattern: string, start: number, dialect: PatternDialect): number {
  let at = start + (pattern[start + 1] === '^' ? 2 : 1)
  for (let first = true; at < pattern.length; first = false) {
    if (pattern[at] === ']' && !first) return at
    const element = matchAt(collating, pattern, at)
    if (element !== undefined) throw new SyntaxError(`${element} is not known in brackets`)
    if (pattern.startsWith('[:', at)) at = Math.max(pattern.indexOf(':]', at) + 2, at + 2)
    else at += dialect === 'pcre' && pattern[at] === '\\' ? 2 : 1
  }
  throw new SyntaxError('a bracket is not closed')
}

function bracket(content: string, dialect: PatternDialect): string {
  const negated = content.startsWith('^')
  const inner = content.slice(negated ? 1 : 0)
  const translated = inner.replaceAll(/\[:(\w+):\]|\\(.)?|[[\]{}()|/]/gsu, (whole, name, behind) => {
    if (name !== undefined) {
      const found = Object.hasOwn(classes, name) ? classes[name] : undefined
      if (found === undefined) throw new SyntaxError(`there is no class ${whole}`)
      return found
    }
    // A backslash in a bracket of POSIX is a backslash.
    if (whole.startsWith('\\')) {
      const rest = behind ?? ''
      if (dialect === 'regexp') return `\\\\${rest === ']' || rest === '[' ? `\\${rest}` : rest}`
      return rest === '-' ? '\\-' : escaped(rest, dialect)
    }
    return `\\${whole}`
  })
  return `[${negated ? '^' : ''}${translated}]`
}
