namespace Portcullis.Audit.Reading;

/// <summary>A head that a chain is held against, by the name under which problems are reported.</summary>
internal sealed record HeadCheck(string Node, string Name, AuditHead? Head);
