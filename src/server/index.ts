/** The server room: the log over HTTP. A face of the same questions that the command line asks. */
export {
  type RunningService,
  ServiceError,
  type ServiceOptions,
  startService
} from './service.ts'
