export { type Account, runAs, serviceAccount } from './account';
export { startEmbeddedPostgres } from './embedded-postgres';
