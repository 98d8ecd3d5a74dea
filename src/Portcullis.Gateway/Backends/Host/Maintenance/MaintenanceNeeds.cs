namespace Portcullis.Gateway.Backends.Host.Maintenance;

/// <summary>What a repository lacks that makes it slower than it need be.</summary>
[Flags]
public enum MaintenanceNeeds
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A reachability bitmap: without one, each clone walks all history.</summary>
    Bitmap = 1,

    /// <summary>A commit-graph: without one, each walk opens every commit.</summary>
    CommitGraph = 2,

    /// <summary>Its objects are in more than twenty packs.</summary>
    Packs = 4,

    /// <summary>More than some two thousand of its objects are files of their own.</summary>
    LooseObjects = 8,

    /// <summary>More than a thousand of its refs are files of their own.</summary>
    LooseRefs = 16,
}
