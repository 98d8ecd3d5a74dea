using Microsoft.Extensions.Logging;

namespace Portcullis.Gateway.Backends.Upstream.Credentials;

/// <summary>What credentials are made with.</summary>
/// <param name="Http">Sends what has to be asked of the upstream's makers, with the upstream's own trust, proxy and limits. It follows no redirect and keeps no cookies.</param>
/// <param name="Time">The clock.</param>
/// <param name="Loggers">Told what an operator should know.</param>
internal sealed record UpstreamCredentialServices(HttpMessageInvoker Http, TimeProvider Time, ILoggerFactory Loggers);
