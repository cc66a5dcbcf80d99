// What runs in the thread of crypt-thread.ts.
import { parentPort } from 'node:worker_threads'
import { type CryptAnswer, type CryptTask, crypt } from './crypt-task.ts'

parentPort?.on('message', ({ number, secret, settings }: CryptTask) => {
  const answer: CryptAnswer = { number, output: crypt(secret, settings) }
  parentPort?.postMessage(answer)
})
