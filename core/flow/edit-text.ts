import { formatAddress } from '../model/address/address.ts'
import type { Edit } from '../model/edit.ts'

/** One line for the history: what an edit changes. */
export function editText(edit: Edit): string {
  switch (edit.kind) {
    case 'insert-field':
    case 'change-field':
    case 'delete-field':
      return `${edit.kind} ${edit.name}`
    case 'add-recipient':
    case 'remove-recipient':
    case 'redirect':
      return `${edit.kind} ${formatAddress(edit.address)}`
    case 'change-reverse-path':
      return `${edit.kind} to ${edit.address === null ? '<>' : formatAddress(edit.address)}`
    case 'quarantine':
      return `quarantine: ${edit.reason}`
    case 'discard':
      return 'discard'
    case 'replace-body':
      return `replace-body with ${edit.body.size} octets`
  }
}
