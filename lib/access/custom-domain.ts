/** A name of the operator's own in front of the API, at whose root everything is: without it, addresses have a stage in them. */
import { CfnOutput } from 'aws-cdk-lib';
import { DomainName, EndpointType, type RestApi, SecurityPolicy } from 'aws-cdk-lib/aws-apigateway';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { AaaaRecord, ARecord, HostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { ApiGatewayDomain } from 'aws-cdk-lib/aws-route53-targets';
import { Construct, type Node } from 'constructs';

export interface DomainChoice {
  /** `jobs.example.com` */
  readonly domainName: string;
  /** Of a certificate for that name, in the region of the stack. */
  readonly certificateArn: string;
  /** Where the records are made that lead to it. @default none: an output says what the operator's own have to lead to */
  readonly hostedZone?: { readonly id: string; readonly name: string };
}

const KEYS = ['domainName', 'certificateArn', 'hostedZoneId', 'hostedZoneName'] as const;

/** @throws Error that names the key of the CDK context and the remedy. @returns undefined when no domain is asked for */
export function readDomain(node: Node): DomainChoice | undefined {
  const [domainName, certificateArn, zoneId, zoneName] = KEYS.map((key) => {
    const value: unknown = node.tryGetContext(key);
    return value === undefined || value === '' ? undefined : String(value);
  });
  if (!domainName) {
    const stray = KEYS.find((key) => node.tryGetContext(key));
    if (stray)
      throw new Error(`${stray}: it is for a domain of your own. Add -c domainName=…, or leave it out.`);
    return undefined;
  }
  if (!certificateArn) {
    throw new Error(
      `certificateArn: ${domainName} needs a certificate. Add the ARN of one in ACM, in this region.`,
    );
  }
  if ((zoneId === undefined) !== (zoneName === undefined)) {
    throw new Error('hostedZoneId, hostedZoneName: give both, or neither and make the DNS record yourself.');
  }
  return {
    domainName,
    certificateArn,
    ...(zoneId && zoneName && { hostedZone: { id: zoneId, name: zoneName } }),
  };
}

/** @throws Error for what no certificate, record or client could use */
export function checkDomain({ domainName, certificateArn, hostedZone }: DomainChoice): void {
  if (!/^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/.test(domainName)) {
    throw new Error(
      `domainName: "${domainName}" is none. Give a name in lower case, without https:// and slashes.`,
    );
  }
  if (!/^arn:[\w-]+:acm:[\w-]+:\d+:certificate\/[\w-]+$/.test(certificateArn)) {
    throw new Error(`certificateArn: "${certificateArn}" is none of ACM's. It begins with arn:aws:acm:.`);
  }
  if (hostedZone && domainName !== hostedZone.name && !domainName.endsWith(`.${hostedZone.name}`)) {
    throw new Error(
      `hostedZoneName: "${domainName}" is not in "${hostedZone.name}". Give the zone that has it.`,
    );
  }
}

export interface CustomDomainProps extends DomainChoice {
  readonly api: RestApi;
}

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
      new AaaaRecord(this, 'Aaaa', { zone, recordName: domainName, target });
    } else {
      new CfnOutput(this, 'DomainTarget', {
        value: domain.domainNameAliasDomainName,
        description: `Make a CNAME record of ${domainName} that leads here`,
      }).overrideLogicalId('DomainTarget');
    }
  }
}
