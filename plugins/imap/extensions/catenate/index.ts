import { type Content, joinedContent } from 'mailwright'
import type {
  ImapAppendData,
  ImapAppendSource,
  ImapArguments,
  ImapExtension,
  ImapSession,
} from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { bad, Refusal } from '../../engine/result.ts'
import { octetFacts } from '../append/octet-facts.ts'
import { UrlContents } from './url-contents.ts'

const word = 'CATENATE'

/** One piece of the message. */
type Part = () => Promise<Content>

const catenate: ImapAppendData = (args, session) => {
  const urls = new UrlContents(session)
  const others: ImapAppendSource[] = []
  const parts = args.list(() => readPart(args, session, urls, others), 1)
  return {
    // RFC 6855 §4 allows it in some of the parts; the others see to it themselves.
    binary: true,
    async read() {
      const contents: Content[] = []
      for (const part of parts) contents.push(await part())
      return joinedContent(contents.map((content) => ({ content, start: 0, end: content.size })))
    },
    async release() {
      await urls.release()
      for (const other of others) await other.release?.()
    },
  }
}

/** RFC 4469 §5 cat-part: a text, a URL, or what else APPEND has words for. */
function readPart(
  args: ImapArguments,
  session: ImapSession,
  urls: UrlContents,
  others: ImapAppendSource[],
): Part {
  if (args.takes('TEXT ')) return readText(args)
  if (args.takes('URL ')) {
    const url = args.astring()
    return () => urls.read(url)
  }
  for (const [name, read] of session.server.vocabulary.appendData) {
    if (name === word || !args.takes(`${name} `)) continue
    const source = read(args, session)
    others.push(source)
    return () => source.read()
  }
  return args.fail('TEXT or URL is expected')
}

function readText(args: ImapArguments): Part {
  const { content, binary } = args.literal()
  if (binary) args.fail('A literal without ~ is expected')
  return async () => {
    // RFC 9051 §9: CHAR8 leaves it out.
    if ((await octetFacts(content)).hasNul) throw new Refusal(bad('NUL is not allowed in a literal'))
    return content
  }
}

/** Messages that are put together from texts and parts of others (RFC 4469), also from a range of octets of a part (RFC 5550). */
export const catenation: ImapExtension = {
  name: 'catenate',
  capabilities: afterLogin(['CATENATE', 'URL-PARTIAL']),
  appendData: { [word]: catenate },
}
