import { MailwrightError } from '../../errors.ts'
import { linePattern } from './pattern.ts'

/** One step of a dialogue. `line` is its place in the text, from 1. */
export type DialogueStep = { readonly line: number; readonly source: string } & (
  | { readonly kind: 'send'; readonly octets: Buffer }
  /** The server's next line must match; with `repeated`, so must any number of lines, none included. */
  | { readonly kind: 'expect'; readonly pattern: RegExp; readonly repeated: boolean }
  | { readonly kind: 'expect-end' }
  | { readonly kind: 'end' }
  | { readonly kind: 'tls' }
)

const spoken = /^([CS])(\*|\[(hex|end)\])?:?(?: (.*))?$/s

/**
 * Reads a dialogue: `C: line`, `C[hex]: octets`, `C[end]`, `S: pattern`, `S*: pattern`, `S[end]`, `TLS`, `# comment`,
 * and blocks of lines between `C: ---` or `S: ---` and `---`. docs/testing.md explains each. MAIL_E_INVALID names every
 * line that is none of these.
 */
export function parseDialogue(text: string): readonly DialogueStep[] {
  const steps: DialogueStep[] = []
  const faults: string[] = []
  let block: 'C' | 'S' | undefined
  for (const [index, source] of text.split(/\r?\n/).entries()) {
    const place = { line: index + 1, source }
    try {
      if (block !== undefined) {
        if (source === '---') block = undefined
        else steps.push(block === 'C' ? sendLine(place, source) : expectLine(place, source, false))
      } else if (/^[CS]: ---$/.test(source)) block = source.startsWith('C') ? 'C' : 'S'
      else if (source.trim() !== '' && !source.startsWith('#')) steps.push(parseStep(place))
    } catch (error) {
      faults.push(`line ${place.line}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  if (block !== undefined) faults.push('the last block has no end (---)')
  if (faults.length > 0) throw new MailwrightError('MAIL_E_INVALID', `not a dialogue: ${faults.join('; ')}`)
  return steps
}

interface Place {
  readonly line: number
  readonly source: string
}

function parseStep(place: Place): DialogueStep {
  if (place.source === 'TLS') return { ...place, kind: 'tls' }
  const match = spoken.exec(place.source)
  if (match === null) throw new SyntaxError(`neither C: nor S: in ${JSON.stringify(place.source)}`)
  const [, side, form = '', , words = ''] = match
  if (form === '[end]') return { ...place, kind: side === 'C' ? 'end' : 'expect-end' }
  if (side === 'C' && form === '[hex]') return { ...place, kind: 'send', octets: fromHex(words) }
  if (side === 'C' && form === '') return sendLine(place, words)
  if (side === 'S' && form !== '[hex]') return expectLine(place, words, form === '*')
  throw new SyntaxError(`there is no ${side}${form}`)
}

function sendLine(place: Place, words: string): DialogueStep {
  return { ...place, kind: 'send', octets: Buffer.from(`${words}\r\n`) }
}

function expectLine(place: Place, words: string, repeated: boolean): DialogueStep {
  return { ...place, kind: 'expect', pattern: linePattern(words), repeated }
}

function fromHex(words: string): Buffer {
  const digits = words.replaceAll(/\s/g, '')
  if (digits.length % 2 === 1 || /[^0-9a-f]/i.test(digits))
    throw new SyntaxError('octets are pairs of hex digits')
  return Buffer.from(digits, 'hex')
}
