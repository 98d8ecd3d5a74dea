namespace Portcullis.Git.FetchRequests;

/// <summary>What a line of a fetch says (gitprotocol-v2 "fetch", gitprotocol-pack "Packfile Negotiation").</summary>
public enum FetchLineKind
{
    /// <summary><c>want</c>: an object that is to be sent.</summary>
    Want,

    /// <summary><c>want-ref</c>: a ref whose object is to be sent.</summary>
    WantRef,

    /// <summary><c>have</c>: an object that the client has.</summary>
    Have,

    /// <summary><c>shallow</c>: a commit at which the client's history is cut.</summary>
    Shallow,

    /// <summary><c>deepen</c>: how many commits deep the history is to be.</summary>
    Deepen,

    /// <summary><c>deepen-since</c>: since when, in seconds of Unix time.</summary>
    DeepenSince,

    /// <summary><c>deepen-not</c>: a ref whose history is to be left out; possibly an abbreviated name.</summary>
    DeepenNot,

    /// <summary><c>filter</c>: which objects are to be left out.</summary>
    Filter,

    /// <summary>A word that asks for something: <c>thin-pack</c>, <c>no-progress</c>, <c>include-tag</c>, <c>ofs-delta</c>, <c>wait-for-done</c>, <c>sideband-all</c>, <c>deepen-relative</c>.</summary>
    Option,

    /// <summary><c>packfile-uris</c>: protocols over which parts may be downloaded elsewhere.</summary>
    PackfileUris,

    /// <summary><c>done</c>: the negotiation is over.</summary>
    Done,

    /// <summary>A flush-pkt in the negotiation of version 0: the server is to answer what it knows.</summary>
    Flush,
}
