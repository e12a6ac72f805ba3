export { SlipwayClient, type JobOptions, type ListOptions } from './client.js';
export { ApiError, NotReachable, SubscriptionRefused } from './errors.js';
export type { ClientOptions } from './http.js';
export type { Followed, FollowOptions } from './live.js';
export { WaitTimedOut, type WaitOptions } from './wait.js';
