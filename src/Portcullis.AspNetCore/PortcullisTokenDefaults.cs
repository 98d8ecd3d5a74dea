namespace Portcullis.AspNetCore;

/// <summary>Names that <c>AddPortcullis</c> uses where none is given.</summary>
public static class PortcullisTokenDefaults
{
    /// <summary>The authentication scheme.</summary>
    public const string AuthenticationScheme = "Portcullis";
}
