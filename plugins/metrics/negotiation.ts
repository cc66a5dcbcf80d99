import type { Format } from './exposition.ts'

/** One thing that a client would take, with how gladly: 0 for "not at all". */
interface Wish {
  /** In lower case. */
  readonly value: string
  readonly parameters: ReadonlyMap<string, string>
  readonly quality: number
}

// A header has room for more than anybody means.
const mostWishes = 32

/** Reads a header such as `gzip;q=0.5, identity` (RFC 9110 §12.4.2); what cannot be read is passed over. */
function readWishes(header: string | undefined): readonly Wish[] {
  return (header ?? '')
    .split(',', mostWishes)
    .map((part) => {
      const [value = '', ...rest] = part.split(';').map((piece) => piece.trim().toLowerCase())
      const parameters = new Map(rest.map((piece) => pair(piece)))
      const quality = Number(parameters.get('q') ?? 1)
      return { value, parameters, quality: quality >= 0 && quality <= 1 ? quality : 0 }
    })
    .filter(({ value }) => value !== '')
}

function pair(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  return at < 0 ? [text, ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

/** OpenMetrics for those who would rather have it; Prometheus's own format for everybody else. */
export function formatFor(accept: string | undefined): Format {
  const wishes = readWishes(accept)
  const best = (fits: (wish: Wish) => boolean): number =>
    Math.max(0, ...wishes.filter(fits).map(({ quality }) => quality))
  const open = best(
    ({ value, parameters }) =>
      value === 'application/openmetrics-text' && ['1.0.0', undefined].includes(parameters.get('version')),
  )
  const plain = best(({ value }) => value === 'text/plain')
  return open > 0 && open >= plain ? 'openmetrics' : 'text'
}

/** Whether a client takes gzip. */
export function takesGzip(acceptEncoding: string | undefined): boolean {
  const wishes = readWishes(acceptEncoding)
  const wish = wishes.find(({ value }) => value === 'gzip') ?? wishes.find(({ value }) => value === '*')
  return wish !== undefined && wish.quality > 0
}
