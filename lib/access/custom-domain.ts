/** Adds a custom domain name to the API. Paths then start at its root; without it, URLs contain the stage name. */

import { CfnOutput } from 'aws-cdk-lib';
import { DomainName, EndpointType, type RestApi, SecurityPolicy } from 'aws-cdk-lib/aws-apigateway';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { ARecord, HostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { ApiGatewayDomain } from 'aws-cdk-lib/aws-route53-targets';
import { Construct, type Node } from 'constructs';
import { contextText } from '../defaults/context-text.ts';

/** A custom domain name for the API. */
export interface DomainChoice {
  /** Lower case, without https:// and slashes: `jobs.example.com`. */
  readonly domainName: string;
  /** ARN of an ACM certificate for that name, in the region of the stack. */
  readonly certificateArn: string;
  /**
   * Route 53 zone in which the stack creates the A record; the API has IPv4 addresses only. @default none: the output
   * `DomainTarget` names the target for a DNS record that you create
   */
  readonly hostedZone?: { readonly id: string; readonly name: string };
}

const KEYS = ['domainName', 'certificateArn', 'hostedZoneId', 'hostedZoneName'] as const;

/** @returns undefined when the CDK context has no domain. @throws Error naming the key of the CDK context and the remedy */
export function readDomain(node: Node): DomainChoice | undefined {
  const [domainName, certificateArn, zoneId, zoneName] = KEYS.map((key) => contextText(node, key));
  if (!domainName) {
    const unexpected = KEYS.find((key) => node.tryGetContext(key));
    if (unexpected) {
      throw new Error(`${unexpected} applies to a custom domain only: add -c domainName=…, or remove it.`);
    }
    return undefined;
  }
  if (!certificateArn) {
    throw new Error(
      `certificateArn is missing: ${domainName} needs a certificate. Add the ARN of an ACM certificate in this region.`,
    );
  }
  if ((zoneId === undefined) !== (zoneName === undefined)) {
    throw new Error(
      'Only one of hostedZoneId and hostedZoneName is given: give both, or neither and create the DNS record yourself.',
    );
  }
  return {
    domainName,
    certificateArn,
    ...(zoneId && zoneName && { hostedZone: { id: zoneId, name: zoneName } }),
  };
}

/** @throws Error naming the property, the value and the remedy */
export function checkDomain({ domainName, certificateArn, hostedZone }: DomainChoice): void {
  if (!/^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/.test(domainName)) {
    throw new Error(
      `domainName "${domainName}" is not a domain name: give it in lower case, without https:// and slashes.`,
    );
  }
  if (!/^arn:[\w-]+:acm:[\w-]+:\d+:certificate\/[\w-]+$/.test(certificateArn)) {
    throw new Error(
      `certificateArn "${certificateArn}" is not an ACM certificate: give an ARN that begins with arn:aws:acm:.`,
    );
  }
  if (hostedZone && domainName !== hostedZone.name && !domainName.endsWith(`.${hostedZone.name}`)) {
    throw new Error(
      `hostedZoneName: "${domainName}" is not in the zone "${hostedZone.name}". Give the zone that contains it.`,
    );
  }
}

export interface CustomDomainProps extends DomainChoice {
  readonly api: RestApi;
}

/** The custom domain of the API, with its DNS records or an output that names their target. */
export class CustomDomain extends Construct {
  constructor(scope: Construct, id: string, props: CustomDomainProps) {
    super(scope, id);
    const { api, domainName, certificateArn, hostedZone } = props;
    const domain = new DomainName(this, 'Name', {
      domainName,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
      endpointType: EndpointType.REGIONAL,
      securityPolicy: SecurityPolicy.TLS_1_2,
      mapping: api,
    });
    if (hostedZone) {
      const zone = HostedZone.fromHostedZoneAttributes(this, 'Zone', {
        hostedZoneId: hostedZone.id,
        zoneName: hostedZone.name,
      });
      const target = RecordTarget.fromAlias(new ApiGatewayDomain(domain));
      new ARecord(this, 'A', { zone, recordName: domainName, target });
    } else {
      new CfnOutput(this, 'DomainTarget', {
        value: domain.domainNameAliasDomainName,
        description: `Create a CNAME record for ${domainName} with this target`,
      }).overrideLogicalId('DomainTarget');
    }
  }
}
