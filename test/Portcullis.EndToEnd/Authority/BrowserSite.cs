using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Authority;

/// <summary>The real program at an address that a browser takes for safe without TLS, as passkeys need it.</summary>
public sealed class BrowserSite : AuthoritySite
{
    protected override string Host => "localhost";
}
