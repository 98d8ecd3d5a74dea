namespace Portcullis.Authority.Storage;

/// <summary>Which shape the tables have: one row for each step that was taken.</summary>
internal sealed class SchemaVersionRow
{
    public int Version { get; set; }

    public DateTimeOffset AppliedAt { get; set; }
}
