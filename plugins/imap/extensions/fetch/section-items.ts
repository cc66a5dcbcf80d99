import type { ImapFetchItem } from 'mailwright'

/** BODY[section]<partial>, and the older names of some of them. */
export function sectionItem(name: string, setsSeen: boolean): ImapFetchItem {
  return (args) => {
    if (name === 'RFC822')
      return {
        needs: 'content',
        setsSeen,
        async write(message, out) {
          const content = await message.content()
          out.write(`${name} {${content.size}}\r\n`)
          await out.content(content, 0, content.size)
        },
      }
    return args.fail('Not yet')
  }
}

export function binaryItem(_setsSeen: boolean): ImapFetchItem {
  return (args) => args.fail('Not yet')
}

export const binarySizeItem: ImapFetchItem = (args) => args.fail('Not yet')
