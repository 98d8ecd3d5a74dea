namespace Portcullis.Gateway.ForwardAuth;

/// <summary>Which proxy asks, and so where it says what the client asked for. One only: a header of another convention is the client's own, and may lie.</summary>
public enum ForwardAuthProxy
{
    /// <summary>nginx's <c>auth_request</c>: <c>X-Original-Method</c>, <c>X-Original-URI</c> and <c>X-Original-Host</c>, which its configuration sets.</summary>
    Nginx,

    /// <summary>Caddy's <c>forward_auth</c>: <c>X-Forwarded-Method</c>, <c>X-Forwarded-Uri</c> and <c>X-Forwarded-Host</c>.</summary>
    Caddy,

    /// <summary>Traefik's ForwardAuth: the same headers.</summary>
    Traefik,

    /// <summary>HAProxy with the script of the guide: the same headers.</summary>
    Haproxy,

    /// <summary>Envoy's <c>ext_authz</c> over HTTP: the method and host of its own request, and the path behind <c>/auth/check</c>.</summary>
    Envoy,
}
