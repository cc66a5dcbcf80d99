import type { AccountsDirectory } from 'mailwright/accounts'
import type { FileFormat } from './contents.ts'
import { DataContents, dataSupports, syntaxFault } from './data-contents.ts'
import { readData } from './data-reading.ts'
import { dataOf, sections } from './data-writing.ts'
import { withLineEnds, withoutMark } from './text-form.ts'

/** Accounts as JSON. A change writes the whole file anew, in one form. */
class JsonContents extends DataContents {
  copy(): AccountsDirectory {
    return readData(parse(this.text)).directory
  }

  write(changed: AccountsDirectory): string {
    const data = dataOf(changed)
    const written = sections
      .filter((section) => section === 'domains' || data[section].length > 0)
      .map((section) => [section, data[section].map((item) => item.data)])
    return withLineEnds(`${JSON.stringify(Object.fromEntries(written), null, 2)}\n`, this.text)
  }
}

export const jsonFormat: FileFormat<JsonContents> = {
  read(text) {
    try {
      return new JsonContents(text, parse(text))
    } catch (error) {
      return new JsonContents(text, undefined, syntaxFault(error))
    }
  },
  empty: '{ "domains": [] }\n',
  supports: dataSupports,
}

function parse(text: string): unknown {
  const content = withoutMark(text)
  return content.trim() === '' ? undefined : JSON.parse(content)
}
