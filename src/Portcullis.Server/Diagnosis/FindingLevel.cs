namespace Portcullis.Server.Diagnosis;

/// <summary>How something is.</summary>
internal enum FindingLevel
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>It works, and should be looked at.</summary>
    Warning,

    /// <summary>It does not work, or isn't safe.</summary>
    Wrong,
}
