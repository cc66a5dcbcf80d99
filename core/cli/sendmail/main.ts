import { sendmailProcess } from './process.ts'

// The name that the program was called by, and its words.
const [name = 'sendmail', ...words] = process.argv.slice(2)
await sendmailProcess(name, words)
