import type { JsonObject } from '@slipway/contracts';

/** Namespaces of OSGi Core 8 chapter 8 (and of §3.4, execution environments). */
export const NAMESPACE = {
  package: 'osgi.wiring.package',
  bundle: 'osgi.wiring.bundle',
  host: 'osgi.wiring.host',
  identity: 'osgi.identity',
  environment: 'osgi.ee',
} as const;

/** A capability as a resource definition writes it. */
export interface BundleCapability {
  namespace: string;
  attributes?: JsonObject;
  /** Packages that show in what it offers. */
  uses?: string[];
  /** Attributes that who requires it must ask for (Core 8 §3.7.6). */
  mandatory?: string[];
  /** When it is there, where that is not while resolving. */
  effective?: string;
}

/** A requirement as a resource definition writes it. */
export interface BundleRequirement {
  namespace: string;
  /** Of OSGi Core 8 §3.2.7. */
  filter?: string;
  resolution?: 'optional';
  cardinality?: 'multiple';
  effective?: string;
}

/** What a bundle's headers say of it. */
export interface Bundle {
  symbolicName: string;
  /** In full: `1.0.0`, `1.0.0.v2024`. */
  version: string;
  /** One version of its name at most. */
  singleton: boolean;
  /** Symbolic name of the bundle that it is a fragment of. */
  fragmentOf?: string;
  capabilities: BundleCapability[];
  requirements: BundleRequirement[];
}
