export { selfSignedCertificate } from './certificate';
export {
  applyLate,
  breakOff,
  disturbAtRandom,
  dribble,
  errorPage,
  hang,
  loseAnswer,
  refuseWith,
  reset,
  retryAfterForms,
} from './disturbances';
export type { Disturbance, Disturber } from './disturbances';
export { graphError, startFakeMeta } from './fake-meta';
export type { FakeMeta, FakeMetaEvent, FakeMetaRow } from './fake-meta';
export { reply, startFakeReceiver } from './fake-receiver';
export type { FakeReceiver, Handler, ReceivedRequest } from './fake-receiver';
export { resendError, startFakeResend } from './fake-resend';
export type { FakeContact, FakeRate, FakeResend } from './fake-resend';
