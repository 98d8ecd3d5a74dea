namespace Portcullis.Authority.Keys;

/// <summary>A key of Data Protection's, encrypted under the operator's key file.</summary>
internal sealed class ProtectionKeyRow
{
    public required string Name { get; set; }

    public required string Xml { get; set; }
}
