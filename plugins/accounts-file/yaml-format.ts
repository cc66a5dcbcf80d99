import type { AccountsDirectory } from 'mailwright/accounts'
import { type Document, isNode, isSeq, parseDocument, type YAMLSeq } from 'yaml'
import type { FileFault, FileFormat } from './contents.ts'
import { DataContents, dataSupports, syntaxFault } from './data-contents.ts'
import { readData } from './data-reading.ts'
import { type DataItem, dataOf, type Section, sections } from './data-writing.ts'
import { withLineEnds, withoutMark } from './text-form.ts'

// An anchor that is used over and over could make a small file a huge one.
const MAX_ALIASES = 100

/** Accounts as YAML 1.2. A change leaves comments, order and style of everything else as they are. */
class YamlContents extends DataContents {
  copy(): AccountsDirectory {
    return readData(dataIn(parse(this.text))).directory
  }

  write(changed: AccountsDirectory): string {
    const document = parse(this.text)
    const [before, after] = [dataOf(this.directory), dataOf(changed)]
    for (const section of sections) writeSection(document, section, before[section], after[section])
    return withLineEnds(document.toString({ lineWidth: 0 }), this.text)
  }
}

export const yamlFormat: FileFormat<YamlContents> = {
  read(text) {
    try {
      const document = parse(text)
      const faults = document.errors.map(faultOf)
      return new YamlContents(text, faults.length === 0 ? dataIn(document) : undefined, faults)
    } catch (error) {
      return new YamlContents(text, undefined, syntaxFault(error))
    }
  },
  empty: '# Accounts of Mailwright.\ndomains: []\n',
  supports: dataSupports,
}

function parse(text: string): Document {
  return parseDocument(withoutMark(text), { prettyErrors: true, uniqueKeys: true })
}

function dataIn(document: Document): unknown {
  return document.toJS({ maxAliasCount: MAX_ALIASES })
}

function faultOf({ message, linePos }: Document['errors'][number]): FileFault {
  const [problem = ''] = message.split('\n')
  const line = linePos?.[0].line
  return { where: line === undefined ? '' : `line ${line}`, problem: problem.replace(/ at line .*$/, '') }
}

/** Writes the items of a list that have changed, and takes the others over as they stand. */
function writeSection(
  document: Document,
  section: Section,
  before: readonly DataItem[],
  after: readonly DataItem[],
): void {
  const texts = (items: readonly DataItem[]) => JSON.stringify(items.map(({ data }) => data))
  if (texts(before) === texts(after)) return
  const found = document.get(section)
  const list = isSeq(found) ? found : (document.createNode([]) as YAMLSeq)
  // Items are read in their order, and none is left out: the same place is the same item.
  const nodes = new Map(
    before.map(({ identity, data }, index) => [identity, { data, node: list.items[index] }]),
  )
  list.items = after.map(({ identity, data }) => {
    const known = nodes.get(identity)
    if (known !== undefined && JSON.stringify(known.data) === JSON.stringify(data)) return known.node
    const written = document.createNode(data)
    if (isNode(known?.node)) written.commentBefore = known.node.commentBefore ?? null
    return written
  })
  // What was `[]` is written over several lines as soon as there is something in it.
  list.flow = list.items.length === 0
  document.set(section, list)
}
