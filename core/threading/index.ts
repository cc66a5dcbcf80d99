export { type ThreadAlgorithm, type Threads, threadMessages } from './thread-messages.ts'
